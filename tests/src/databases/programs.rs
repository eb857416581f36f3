use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{DatabaseError, Flavor};

/// Names a folder that holds the file system of a Debian with the package `mysql-server-core`.
const MYSQL_TREE: &str = "IDENTITY_TEST_MYSQL_TREE";

/// Where Debian keeps servers; the PATH of people other than root does not name it.
const SERVER_FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// The programs of one kind of server.
#[derive(Debug)]
pub(super) enum Programs {
    /// MariaDB, installed.
    MariaDb { server: PathBuf, installer: PathBuf },
    /// MySQL, installed.
    MySql { server: PathBuf },
    /// MySQL out of another system's file tree: it runs with that system's loader and libraries, so that neither a chroot nor
    /// root's rights are needed.
    MySqlTree { tree: PathBuf, loader: PathBuf },
}

impl Programs {
    /// Finds them: MariaDB and MySQL in PATH, MySQL also in the tree that `IDENTITY_TEST_MYSQL_TREE` names or that
    /// `tests/mysql-tree` made.
    pub(super) fn find(flavor: Flavor) -> Result<Self, DatabaseError> {
        match flavor {
            Flavor::MariaDb => match (in_path("mariadbd"), in_path("mariadb-install-db")) {
                (Some(server), Some(installer)) => Ok(Self::MariaDb { server, installer }),
                _ => Err(missing(flavor, "no mariadbd and mariadb-install-db in PATH")),
            },
            Flavor::MySql => Self::find_mysql(),
        }
    }

    fn find_mysql() -> Result<Self, DatabaseError> {
        if let Some(tree) = env::var_os(MYSQL_TREE) {
            let wanted = format!("no MySQL in {}, which {MYSQL_TREE} names", Path::new(&tree).display());
            return Self::in_tree(tree.into()).ok_or_else(|| missing(Flavor::MySql, &wanted));
        }
        if let Some(server) = in_path("mysqld").filter(|server| is_mysql(server)) {
            return Ok(Self::MySql { server });
        }
        default_tree().and_then(Self::in_tree).ok_or_else(|| {
            missing(Flavor::MySql, "no mysqld in PATH that is not MariaDB's, and no tree of one")
        })
    }

    fn in_tree(tree: PathBuf) -> Option<Self> {
        let loader = loader(&tree)?;
        tree.join("usr/sbin/mysqld").is_file().then_some(Self::MySqlTree { tree, loader })
    }

    /// The command that fills a data folder, without the folder.
    pub(super) fn initialize(&self) -> Command {
        let mut command = match self {
            Self::MariaDb { installer, .. } => {
                let mut command = Command::new(installer);
                command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
                // Or it gives up where the machine's own name cannot be looked up, as in many containers.
                command.arg("--force");
                command
            }
            Self::MySql { .. } | Self::MySqlTree { .. } => {
                let mut command = self.server_program();
                command.arg("--initialize-insecure");
                command
            }
        };
        as_root(&mut command);
        command
    }

    /// The command that runs the server, without folder and port.
    pub(super) fn serve(&self) -> Command {
        let mut command = self.server_program();
        if !matches!(self, Self::MariaDb { .. }) {
            // No second port, and no folder for exports outside the server's own.
            command.args(["--mysqlx=OFF", "--secure-file-priv=NULL"]);
        }
        as_root(&mut command);
        command
    }

    fn server_program(&self) -> Command {
        let mut command = match self {
            Self::MariaDb { server, .. } | Self::MySql { server } => Command::new(server),
            Self::MySqlTree { tree, loader } => {
                let mut command = Command::new(loader);
                command
                    .arg("--library-path")
                    .arg(library_path(tree, loader))
                    .arg(tree.join("usr/sbin/mysqld"));
                command
            }
        };
        command.arg("--no-defaults");
        if let Self::MySqlTree { tree, .. } = self {
            let share = tree.join("usr/share/mysql");
            command
                .arg(option("--basedir=", &tree.join("usr")))
                .arg(option("--lc-messages-dir=", &share))
                .arg(option("--character-sets-dir=", &share.join("charsets")));
        }
        command
    }
}

/// `--name=path`, for a path that need not be UTF-8.
pub(super) fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}

fn missing(flavor: Flavor, wanted: &str) -> DatabaseError {
    DatabaseError::Missing { flavor, wanted: wanted.to_owned() }
}

/// Both servers refuse to run as root unless they are told to.
fn as_root(command: &mut Command) {
    if rustix::process::geteuid().is_root() {
        command.arg("--user=root");
    }
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(SERVER_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// MariaDB installs its server under MySQL's name too.
fn is_mysql(server: &Path) -> bool {
    Command::new(server).args(["--no-defaults", "--version"]).output().is_ok_and(|output| {
        output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("MariaDB")
    })
}

/// The tree that `tests/mysql-tree` makes; the two have to agree.
fn default_tree() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("IDENTITY_CORE_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("identity-core")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/identity-core")))?;
    Some(cache.join("mysql-sid"))
}

/// The dynamic loader of the tree's own C library, whatever the architecture: it lies in `usr/lib/<architecture>`, as
/// `ld-linux-x86-64.so.2`, `ld-linux-aarch64.so.1`, `ld64.so.2`, …
fn loader(tree: &Path) -> Option<PathBuf> {
    let files =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_loader = |file: &Path| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("ld") && name.contains(".so.")
    };
    files(&tree.join("usr/lib"))
        .filter(|folder| folder.to_string_lossy().contains("-linux-gnu"))
        .flat_map(|folder| files(&folder).find(|file| is_loader(file)))
        .next()
}

/// The tree's libraries, beside the loader, and those that some packages of MySQL bring for themselves.
fn library_path(tree: &Path, loader: &Path) -> OsString {
    let mut path = loader.parent().unwrap_or(tree).as_os_str().to_owned();
    path.push(":");
    path.push(tree.join("usr/lib/mysql/private"));
    path
}
