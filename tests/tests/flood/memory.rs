//! What nodes and enclaves take up, looked at again and again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use enigma_tests::network::{Network, processes::Process};

use super::Counts;

const EVERY: Duration = Duration::from_millis(250);

/// Bytes by node, with its enclave under a name of its own.
pub type Sizes = BTreeMap<String, u64>;

/// The processes, and the most that each has taken up.
pub struct Memory {
    processes: Vec<(String, Process)>,
    most: Arc<Mutex<Sizes>>,
}

impl Memory {
    /// Looks at these nodes until it is over.
    pub fn watch(network: &Network, nodes: &[&str], counts: Arc<Counts>) -> Self {
        let mut processes = Vec::new();
        for name in nodes {
            let node = network.node(name).expect("a node");
            let enclaves = node.children().into_iter().filter(Process::is_enclave);
            processes.extend(enclaves.map(|enclave| (format!("{name}'s enclave"), enclave)));
            processes.push(((*name).to_owned(), node));
        }
        let memory = Self { processes, most: Arc::default() };
        let (watched, most) = (memory.processes.clone(), memory.most.clone());
        std::thread::spawn(move || {
            while !counts.is_over() {
                note(&watched, &most);
                std::thread::sleep(EVERY);
            }
        });
        memory
    }

    /// What they take up now.
    pub fn now(&self) -> Sizes {
        self.processes.iter().map(|(name, process)| (name.clone(), process.memory())).collect()
    }

    /// Nobody has ended, and nobody has ever taken up more than `limit`.
    pub fn judge(&self, before: &Sizes, limit: u64) {
        note(&self.processes, &self.most);
        let most = self.most.lock().unwrap();
        for (name, process) in &self.processes {
            let mebibytes = |sizes: &Sizes| sizes[name] >> 20;
            println!("{name}: {} MiB before, {} MiB at most", mebibytes(before), mebibytes(&most));
            assert!(process.is_alive(), "{name} has ended");
            assert!(most[name] <= limit, "{name}");
        }
    }
}

fn note(processes: &[(String, Process)], most: &Mutex<Sizes>) {
    let mut most = most.lock().unwrap();
    for (name, process) in processes {
        let size = most.entry(name.clone()).or_default();
        *size = (*size).max(process.memory());
    }
}
