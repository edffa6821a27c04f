//! The tables, and the version that says how to read them.

use redb::{Database, ReadableDatabase, TableDefinition, TableError, TableHandle};

use crate::Error;
use crate::values::{Address, Hash};

/// The version of the tables below. A change that an older or newer program
/// would misread gets another number.
pub const SCHEMA_VERSION: u32 = 2;

/// One row; its name and types also tell a store from any other database.
const SCHEMA: TableDefinition<&str, u32> = TableDefinition::new("enigma-store-schema");
const VERSION: &str = "version";

/// (contract, hash) to sequence number and manifest of a snapshot that is here as a whole, checked.
pub(crate) const SNAPSHOTS: TableDefinition<(&Address, &Hash), &[u8]> = TableDefinition::new("snapshots");

/// (contract, sequence number) to hash: the order in which snapshots were put.
pub(crate) const SNAPSHOT_ORDER: TableDefinition<(&Address, u64), &Hash> =
    TableDefinition::new("snapshot_order");

/// Contract to the hash of its latest snapshot.
pub(crate) const LATEST_SNAPSHOT: TableDefinition<&Address, &Hash> = TableDefinition::new("latest_snapshot");

/// (contract, hash) to the manifest of a snapshot that is being fetched, checked.
pub(crate) const PARTIALS: TableDefinition<(&Address, &Hash), &[u8]> = TableDefinition::new("partials");

/// (contract, hash, place) to a chunk of either kind of snapshot; its hash is in the manifest. In one value, a
/// snapshot would take the next power of two of its size.
pub(crate) const CHUNKS: TableDefinition<(&Address, &Hash, u32), &[u8]> = TableDefinition::new("chunks");

/// (contract, task index) to input hash and sealed delta, checked.
pub(crate) const DELTAS: TableDefinition<(&Address, u64), &[u8]> = TableDefinition::new("deltas");

/// Contract to the epoch in which it was last of use.
pub(crate) const TOUCHED: TableDefinition<&Address, u64> = TableDefinition::new("touched");

/// Name to bytes, checked.
pub(crate) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

/// Why an open database is not a store of ours.
pub(crate) enum Unfit {
    Foreign(String),
    Other(Error),
}

impl<E: Into<Error>> From<E> for Unfit {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Creates the tables in a new database, checks the schema of any other. Says whether it was new.
pub(crate) fn check_or_create(database: &Database) -> Result<bool, Unfit> {
    let read = database.begin_read()?;
    match read.open_table(SCHEMA) {
        Ok(schema) => match schema.get(VERSION)?.map(|version| version.value()) {
            Some(SCHEMA_VERSION) => Ok(false),
            Some(found) => Err(Unfit::Other(Error::Schema { found, expected: SCHEMA_VERSION })),
            None => Err(Unfit::Foreign("it names no schema version".to_owned())),
        },
        Err(TableError::TableDoesNotExist(_)) => {
            let tables = read.list_tables()?.next();
            if let Some(table) = tables {
                let reason = format!("it is a database with a table {:?}", table.name());
                return Err(Unfit::Foreign(reason));
            }
            drop(read);
            create(database)?;
            Ok(true)
        }
        Err(TableError::Storage(error)) => Err(error.into()),
        Err(mismatch) => Err(Unfit::Foreign(mismatch.to_string())),
    }
}

/// All tables at once, so that reading need not expect a missing one.
fn create(database: &Database) -> Result<(), Unfit> {
    let write = database.begin_write()?;
    write.open_table(SCHEMA)?.insert(VERSION, SCHEMA_VERSION)?;
    write.open_table(SNAPSHOTS)?;
    write.open_table(SNAPSHOT_ORDER)?;
    write.open_table(LATEST_SNAPSHOT)?;
    write.open_table(PARTIALS)?;
    write.open_table(CHUNKS)?;
    write.open_table(DELTAS)?;
    write.open_table(TOUCHED)?;
    write.open_table(META)?;
    Ok(write.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn another_schema_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        drop(Store::open(&path).unwrap());
        let database = Database::open(&path).unwrap();
        let write = database.begin_write().unwrap();
        write.open_table(SCHEMA).unwrap().insert(VERSION, SCHEMA_VERSION + 1).unwrap();
        write.commit().unwrap();
        drop(database);
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, Error::Schema { found, expected } if found == expected + 1), "{error}");
    }

    #[test]
    fn somebody_elses_database_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        let database = Database::create(&path).unwrap();
        let write = database.begin_write().unwrap();
        write.open_table(TableDefinition::<u64, u64>::new("theirs")).unwrap();
        write.commit().unwrap();
        drop(database);
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, Error::NotAStore { .. }), "{error}");
        let database = Database::open(&path).unwrap();
        let tables = database.begin_read().unwrap().list_tables().unwrap().count();
        assert_eq!(tables, 1);
    }
}
