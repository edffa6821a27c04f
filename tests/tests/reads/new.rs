//! `enigma new`: what it makes and what it refuses. Whether the dApp works, its own test shows.

use std::{fs, path::Path};

use enigma_tests::network::{
    Network,
    answer::{self, Answer},
    binary,
};

fn new(network: &Network, arguments: &[&str]) -> Answer {
    let mut command = network.command(&[&["new"], arguments].concat());
    command.current_dir(network.home());
    answer::run(command, "")
}

/// Every file below a folder, as text where it is text.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((
                path.display().to_string(),
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned(),
            ));
        }
    }
    all
}

#[test]
fn a_new_dapp_has_its_name_and_knows_where_enigma_is() {
    let network = Network::planned();
    let told = new(&network, &["my-dapp"]).succeeded().stdout;
    assert!(told.contains("cd my-dapp") && told.contains("npm test"), "{told}");
    let folder = network.home().join("my-dapp");
    let made = files(&folder);
    assert!(made.iter().any(|(name, _)| name.ends_with("package.json")));
    assert!(made.iter().any(|(name, _)| name.ends_with(".sol")));
    for (name, text) in &made {
        assert!(!text.contains("{{") && !name.contains("{{"), "{name} has a word that was not replaced");
    }
    let package: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("package.json")).unwrap()).unwrap();
    assert_eq!(package["name"], "my-dapp");
    let js = package["dependencies"]["enigma-js"].as_str().unwrap();
    assert_eq!(js, format!("file:{}", binary::root().join("js/enigma-js").display()));
    let launcher = binary::root().join("enigma");
    assert!(launcher.is_file());
    assert!(made.iter().any(|(_, text)| text.contains(&launcher.display().to_string())));
}

#[test]
fn nothing_is_overwritten_and_bad_names_are_refused() {
    let network = Network::planned();
    fs::create_dir(network.home().join("full")).unwrap();
    fs::write(network.home().join("full/mine"), "precious").unwrap();
    new(&network, &["full"]).failed(1, &["not empty", "--dir"]);
    assert_eq!(files(&network.home().join("full")).len(), 1);
    fs::create_dir(network.home().join("empty")).unwrap();
    new(&network, &["empty"]).succeeded();
    new(&network, &["empty"]).failed(1, &["not empty"]);
    new(&network, &["full", "--dir", "other/place"]).succeeded();
    assert!(network.home().join("other/place/package.json").is_file());
    fs::write(network.home().join("file"), "").unwrap();
    new(&network, &["file"]).failed(1, &["file"]);
    for name in ["", "Upper", "a b", "../up", ".hidden", "node_modules", "@scope/name"] {
        new(&network, &[name]).failed(1, &["cannot name a package"]);
    }
    let told = new(&network, &["json-dapp", "--json"]).succeeded().json();
    assert_eq!((&told["ok"], &told["name"]), (&true.into(), &"json-dapp".into()));

    let mut command = network.command(&["new", "lost"]);
    command.current_dir(network.home()).env("ENIGMA_ROOT", network.home());
    answer::run(command, "").failed(1, &["templates/dapp is missing"]);
}
