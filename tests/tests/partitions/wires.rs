//! Wires of the test's own: a network namespace for every node, all on one bridge, each wire to be cut.

use std::{
    net::Ipv4Addr,
    process::{Command, Output, Stdio},
};

/// Namespaces on a bridge; gone when dropped.
pub struct Wires {
    /// Tells these namespaces from those of other tests, and picks the subnet.
    number: u8,
    names: Vec<String>,
}

fn ip(words: &str) -> Result<(), String> {
    let told: Output = Command::new("ip")
        .args(words.split(' '))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("there is no `ip` (iproute2): {error}"))?;
    if told.status.success() {
        return Ok(());
    }
    Err(format!("ip {words}: {}", String::from_utf8_lossy(&told.stderr).trim_end()))
}

impl Wires {
    /// A namespace for each of `names`, on a bridge that this machine is on as well.
    ///
    /// # Errors
    /// Why this is not possible here: most often because it takes root.
    pub fn lay(number: u8, names: &[&str]) -> Result<Self, String> {
        let wires = Self { number, names: names.iter().map(|name| (*name).to_owned()).collect() };
        wires.remove(); // what a test that was killed left
        let bridge = wires.bridge();
        ip(&format!("link add {bridge} type bridge"))?;
        ip(&format!("addr add {}/24 dev {bridge}", wires.host()))?;
        ip(&format!("link set {bridge} up"))?;
        for name in names {
            let (space, wire) = (wires.space(name), wires.wire(name));
            ip(&format!("netns add {space}"))?;
            ip(&format!("link add {wire} type veth peer name eth0 netns {space}"))?;
            ip(&format!("link set {wire} master {bridge} up"))?;
            ip(&format!("-n {space} addr add {}/24 dev eth0", wires.address(name)))?;
            ip(&format!("-n {space} link set eth0 up"))?;
            ip(&format!("-n {space} link set lo up"))?;
        }
        Ok(wires)
    }

    /// This machine's address on the bridge.
    pub fn host(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 231, self.number, 1)
    }

    /// A node's address.
    pub fn address(&self, name: &str) -> Ipv4Addr {
        Ipv4Addr::new(10, 231, self.number, 10 + self.place(name))
    }

    /// A command that runs in a node's namespace.
    pub fn command(&self, name: &str, program: &std::path::Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.space(name)]).arg(program);
        command
    }

    /// Cuts a node off from everybody, this machine included.
    pub fn cut_off(&self, name: &str) {
        ip(&format!("link set {} down", self.wire(name))).expect("a wire");
    }

    /// Takes it back.
    pub fn rejoin(&self, name: &str) {
        ip(&format!("link set {} up", self.wire(name))).expect("a wire");
    }

    /// Between two sides, not a packet; this machine is reached by both.
    pub fn part(&self, one: &[&str], other: &[&str]) {
        self.between(one, other, "add");
    }

    /// Undoes [`Wires::part`].
    pub fn reunite(&self, one: &[&str], other: &[&str]) {
        self.between(one, other, "del");
    }

    fn between(&self, one: &[&str], other: &[&str], action: &str) {
        for (from, to) in one.iter().flat_map(|a| other.iter().flat_map(move |b| [(a, b), (b, a)])) {
            let route = format!("-n {} route {action} blackhole {}/32", self.space(from), self.address(to));
            ip(&route).expect("a route");
        }
    }

    fn place(&self, name: &str) -> u8 {
        let place = self.names.iter().position(|n| n == name).expect("a node with a wire");
        u8::try_from(place).expect("few nodes")
    }

    fn bridge(&self) -> String {
        format!("enigma-br{}", self.number)
    }

    fn space(&self, name: &str) -> String {
        format!("enigma-{}-{name}", self.number)
    }

    fn wire(&self, name: &str) -> String {
        format!("enigma{}w{}", self.number, self.place(name))
    }

    /// A namespace takes its end of the wire along, and so the other end.
    fn remove(&self) {
        for name in &self.names {
            let _ = ip(&format!("link del {}", self.wire(name)));
            let _ = ip(&format!("netns del {}", self.space(name)));
        }
        let _ = ip(&format!("link del {}", self.bridge()));
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        self.remove();
    }
}
