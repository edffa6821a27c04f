//! `enigma new`: a working dApp in a folder of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::{cli::New, tools};

/// Longest name of an npm package.
const LONGEST: usize = 214;
/// What building a dApp leaves behind; never part of a new one.
const LEFTOVERS: [&str; 3] = ["node_modules", "dist", ".enigma"];

/// Words of the template and what stands for them.
struct Words([(&'static str, String); 3]);

/// Fills a new folder and says what to do next.
pub fn run(args: &New) -> Result<ExitCode> {
    check_name(&args.name)?;
    let root = tools::root()?;
    let template = root.join("templates/dapp");
    if !template.is_dir() {
        bail!("{} is missing; is the checkout complete?", template.display());
    }
    let folder = match &args.dir {
        Some(dir) => dir.clone(),
        None => PathBuf::from(&args.name),
    };
    if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is there already and not empty; take another name, or --dir", folder.display());
    }
    let words = Words([
        ("{{name}}", args.name.clone()),
        ("{{enigma-js}}", quotable(&root.join("js/enigma-js"))?),
        ("{{enigma}}", quotable(&root.join("enigma"))?),
    ]);
    copy(&template, &folder, &words)?;
    if args.json {
        out!("{}", json!({ "ok": true, "name": args.name, "folder": std::path::absolute(&folder)? }));
    } else {
        out!("{} is ready. Next:\n", folder.display());
        out!("  cd {}", folder.display());
        out!("  npm install");
        out!("  npm test         # deploys its contract to the local network and calls it");
        out!("  npm run dev      # the page");
        out!("\nIts README.md tells what is where.");
    }
    Ok(ExitCode::SUCCESS)
}

/// npm's rules for a package without a scope.
fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._~".contains(c);
    let reserved = ["node_modules", "favicon.ico"].contains(&name);
    if name.is_empty() || name.len() > LONGEST || name.starts_with(['.', '_', '-']) || reserved {
        bail!("`{name}` cannot name a package; expected something like my-dapp");
    }
    if let Some(wrong) = name.chars().find(|c| !allowed(*c)) {
        bail!("`{name}` cannot name a package because of {wrong:?}: lower case, digits and -._~ only");
    }
    Ok(())
}

/// A path that can stand between the quotes of any language of the template.
fn quotable(path: &Path) -> Result<String> {
    let text = path.to_str().filter(|text| !text.chars().any(|c| "'\"`\\$".contains(c) || c.is_control()));
    text.map(str::to_owned)
        .with_context(|| format!("{} has quotes or the like in it: move the checkout", path.display()))
}

fn copy(from: &Path, to: &Path, words: &Words) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("{}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("{}", from.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().context("a name in the template is no text")?;
        let (source, target) = (entry.path(), to.join(words.replace(&name)));
        if entry.file_type()?.is_dir() {
            if !LEFTOVERS.contains(&name.as_str()) {
                copy(&source, &target, words)?;
            }
        } else {
            let bytes = fs::read(&source).with_context(|| format!("{}", source.display()))?;
            let bytes = match String::from_utf8(bytes) {
                Ok(text) => words.replace(&text).into_bytes(),
                Err(no_text) => no_text.into_bytes(),
            };
            fs::write(&target, bytes).with_context(|| format!("{}", target.display()))?;
        }
    }
    Ok(())
}

impl Words {
    fn replace(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_npm_packages() {
        for good in ["a", "my-dapp", "dapp2", "a.b_c~d", &"x".repeat(LONGEST)] {
            check_name(good).unwrap();
        }
        let long = "x".repeat(LONGEST + 1);
        let bad =
            ["", ".a", "_a", "-a", "A", "a b", "a/b", "../a", "@a/b", "ä", "a\n", "node_modules", &long];
        for name in bad {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn words_are_replaced_in_names_and_text_and_nothing_else_is_touched() {
        let home = std::env::temp_dir().join(format!("enigma-new-{}", std::process::id()));
        let (from, to) = (home.join("template"), home.join("made"));
        fs::create_dir_all(from.join("src/node_modules")).unwrap();
        fs::write(from.join("src/{{name}}.ts"), "'{{enigma-js}}' {{name}} {{enigma}} {{other}}").unwrap();
        fs::write(from.join("src/node_modules/left"), "over").unwrap();
        fs::write(from.join("image"), [0xff, 0xfe, b'{']).unwrap();
        let words = Words([
            ("{{name}}", "demo".into()),
            ("{{enigma-js}}", "/e/js".into()),
            ("{{enigma}}", "/e/enigma".into()),
        ]);
        copy(&from, &to, &words).unwrap();
        assert_eq!(fs::read_to_string(to.join("src/demo.ts")).unwrap(), "'/e/js' demo /e/enigma {{other}}");
        assert_eq!(fs::read(to.join("image")).unwrap(), [0xff, 0xfe, b'{']);
        assert!(!to.join("src/node_modules").exists());
        fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn a_path_that_would_end_a_string_is_refused() {
        assert_eq!(quotable(Path::new("/home/a b/enigma")).unwrap(), "/home/a b/enigma");
        for path in ["/it's", "/a\"b", "/a\\b", "/a`b", "/$HOME", "/a\nb"] {
            assert!(quotable(Path::new(path)).is_err(), "{path:?}");
        }
    }
}
