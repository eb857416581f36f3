use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::error::Context;
use super::folder::GuardedFolder;
use super::port::free_port;
use super::process::Process;
use super::programs::{Programs, option};
use super::{DatabaseError, Flavor, FreshDatabase, ServerAddress};

/// Far more than either server takes on a busy machine (5 s): past it, something is wrong.
const START: Duration = Duration::from_secs(120);
const STOP: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);

/// How often a port that another program took in the meantime is replaced.
const PORT_ATTEMPTS: u32 = 5;

/// How much of a log an error carries.
const LOG_LINES: usize = 30;

/// A database server of our own, up to its drop.
///
/// It keeps port and data over [`stop`](Self::stop), [`kill`](Self::kill) and [`restart`](Self::restart). Dropping it kills
/// it and removes its data.
#[derive(Debug)]
pub struct DatabaseServer {
    // Dropped first: the folder goes when nobody writes to it any more.
    process: Option<Process>,
    programs: Programs,
    pub(super) settings: Settings,
    address: ServerAddress,
    password: String,
    port: u16,
    small_disk: bool,
    folder: GuardedFolder,
}

/// What a server is started with, each time.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) options: Vec<OsString>,
    pub(super) environment: Vec<(&'static str, OsString)>,
}

impl DatabaseServer {
    /// Starts a server with empty data and waits until it answers: about 3 s for MariaDB, 8 s for MySQL.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Missing`] if its programs are not installed, [`DatabaseError::Died`] with the end of its log if it
    /// does not start.
    pub async fn start(flavor: Flavor) -> Result<Self, DatabaseError> {
        Self::start_with(flavor, &[]).await
    }

    /// Starts a server with more options on its command line, such as `--auto-increment-increment=7`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_with(flavor: Flavor, options: &[&str]) -> Result<Self, DatabaseError> {
        Self::start_on(flavor, options, None).await
    }

    /// Starts a server whose data is on a disk of so many megabytes, in memory. Only root can.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_on_small_disk(
        flavor: Flavor,
        options: &[&str],
        megabytes: u64,
    ) -> Result<Self, DatabaseError> {
        Self::start_on(flavor, options, Some(megabytes)).await
    }

    async fn start_on(flavor: Flavor, options: &[&str], disk: Option<u64>) -> Result<Self, DatabaseError> {
        let mut server = Self::prepare_on(flavor, disk).await?;
        server.settings.options = options.iter().map(OsString::from).collect();
        for _ in 1..PORT_ATTEMPTS {
            match server.serve(&[]).await {
                Err(error) if error.is_taken_port() => {
                    server.port = free_port();
                    server.address = address(flavor, &server.password, server.port);
                }
                result => return result.map(|()| server),
            }
        }
        server.serve(&[]).await.map(|()| server)
    }

    /// A server whose data folder is filled, and which does not run yet.
    pub(super) async fn prepare(flavor: Flavor) -> Result<Self, DatabaseError> {
        Self::prepare_on(flavor, None).await
    }

    async fn prepare_on(flavor: Flavor, disk: Option<u64>) -> Result<Self, DatabaseError> {
        // Of its own for each server: whoever answers to it is this server, and not another on the same port.
        let mut server = Self::without_data(flavor, format!("{:016x}", fastrand::u64(..)))?;
        if let Some(megabytes) = disk {
            server.folder.mount(megabytes).context(|| "mount a small disk, as root".to_owned())?;
            server.small_disk = true;
        }
        server.initialize().await?;
        Ok(server)
    }

    /// A second server with the same data and the same password as this one, which must not run; nor does the second yet.
    pub(super) async fn prepare_copy(&self) -> Result<Self, DatabaseError> {
        let copy = Self::without_data(self.flavor(), self.password.clone())?;
        let copying = || "copy a data folder".to_owned();
        let status = tokio::process::Command::new("cp")
            .arg("-R")
            .arg(self.data())
            .arg(copy.data())
            .kill_on_drop(true)
            .status()
            .await
            .context(copying)?;
        if !status.success() {
            return Err(DatabaseError::Io { what: copying(), source: io::Error::other(status.to_string()) });
        }
        fs::copy(self.init_file(), copy.init_file()).context(copying)?;
        Ok(copy)
    }

    /// A second server with the same password, and an empty data folder, which other means have to fill.
    pub(super) fn prepare_empty(&self) -> Result<Self, DatabaseError> {
        let empty = Self::without_data(self.flavor(), self.password.clone())?;
        fs::create_dir(empty.data())
            .and_then(|()| fs::copy(self.init_file(), empty.init_file()))
            .context(|| "make a data folder".to_owned())?;
        Ok(empty)
    }

    fn without_data(flavor: Flavor, password: String) -> Result<Self, DatabaseError> {
        let port = free_port();
        Ok(Self {
            process: None,
            programs: Programs::find(flavor)?,
            settings: Settings::default(),
            address: address(flavor, &password, port),
            password,
            port,
            small_disk: false,
            folder: GuardedFolder::new().context(|| "make a folder for a database server".to_owned())?,
        })
    }

    /// The kind of server.
    pub fn flavor(&self) -> Flavor {
        self.address.flavor()
    }

    /// The port of 127.0.0.1 that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder that holds its data and its log.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of its small disk, where its data is on one.
    pub fn small_disk(&self) -> Option<PathBuf> {
        self.small_disk.then(|| self.folder.disk())
    }

    /// The number of the server's process, if it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// How to reach it.
    pub fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// Makes a database that nobody else uses. It is dropped along with the returned value.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Sql`] if the server does not answer or refuses.
    pub async fn fresh_database(&self) -> Result<FreshDatabase, DatabaseError> {
        self.address.fresh_database().await
    }

    /// Shuts the server down in good order (SIGTERM), and waits for that. A server that is down stays so.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::TimedOut`] if it does not end within a minute; it runs on then.
    pub async fn stop(&mut self) -> Result<(), DatabaseError> {
        let Some(process) = &mut self.process else { return Ok(()) };
        let stopping = || "stop a database server".to_owned();
        process.terminate().context(stopping)?;
        if process.wait(STOP).await.context(stopping)?.is_none() {
            return Err(self.timed_out("stop", STOP));
        }
        self.forget_process()
    }

    /// Kills the server (SIGKILL), as a crash would. A server that is down stays so.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Io`] if the system refuses.
    pub fn kill(&mut self) -> Result<(), DatabaseError> {
        let Some(process) = &mut self.process else { return Ok(()) };
        process.kill().context(|| "kill a database server".to_owned())?;
        self.forget_process()
    }

    /// Makes the server stand still (SIGSTOP), as on a machine that hangs: its connections stay open and nothing answers.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Io`] if the system refuses.
    pub fn pause(&mut self) -> Result<(), DatabaseError> {
        let Some(process) = &mut self.process else { return Ok(()) };
        process.pause().context(|| "pause a database server".to_owned())
    }

    /// Lets a [paused](Self::pause) server go on (SIGCONT).
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Io`] if the system refuses.
    pub fn resume(&mut self) -> Result<(), DatabaseError> {
        let Some(process) = &mut self.process else { return Ok(()) };
        process.resume().context(|| "resume a database server".to_owned())
    }

    /// Starts the server again with its port and its data, after stopping it if it runs, and waits until it answers.
    ///
    /// # Errors
    ///
    /// As [`stop`](Self::stop) and [`start`](Self::start).
    pub async fn restart(&mut self) -> Result<(), DatabaseError> {
        self.stop().await?;
        self.serve(&[]).await
    }

    /// Fills the data folder, and writes down the statements that make the user.
    async fn initialize(&mut self) -> Result<(), DatabaseError> {
        let password = &self.password;
        // Into no binary log: a member of a group may have no transaction of its own.
        let statements = format!(
            "SET SESSION sql_log_bin = 0;\n\
             CREATE USER IF NOT EXISTS 'shop'@'%' IDENTIFIED BY '{password}';\n\
             GRANT ALL ON *.* TO 'shop'@'%' WITH GRANT OPTION;\n"
        );
        let file = self.init_file();
        fs::write(&file, statements).context(|| format!("write {}", file.display()))?;

        let command = self.programs.initialize();
        self.spawn(command)?;
        let status = self.wait_for_end("fill its data folder", START).await?;
        self.forget_process()?;
        if status.success() { Ok(()) } else { Err(self.died(status)) }
    }

    /// Runs the server, with more options for this once, and waits until it answers.
    pub(super) async fn serve(&mut self, once: &[String]) -> Result<(), DatabaseError> {
        let mut command = self.command();
        command.args(once);
        self.spawn(command)?;
        let start = Instant::now();
        loop {
            if let Ok(connection) = self.address.connect().await {
                drop(connection);
                return Ok(());
            }
            if let Some(status) = self.status()? {
                self.forget_process()?;
                return Err(self.died(status));
            }
            if start.elapsed() > START {
                return Err(self.timed_out("answer", START));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Runs the server for a task after which it ends by itself; tells what it wrote.
    pub(super) async fn run_once(&mut self, options: &[&str]) -> Result<String, DatabaseError> {
        let mut command = self.command();
        command.args(options);
        self.spawn(command)?;
        let status = self.wait_for_end("end", START).await?;
        self.forget_process()?;
        if status.success() { Ok(self.log()) } else { Err(self.died(status)) }
    }

    fn command(&self) -> Command {
        let mut command = self.programs.serve();
        command
            .arg(format!("--port={}", self.port))
            .arg("--bind-address=127.0.0.1")
            // A short name, within the data folder: the system's limit of about 100 characters holds for what is written here.
            .arg("--socket=s.sock")
            .arg(option("--pid-file=", &self.folder.path().join("pid")))
            .arg(option("--init-file=", &self.init_file()))
            .args(&self.settings.options)
            .envs(self.settings.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `command` on the data folder, with what it writes going into a fresh log.
    fn spawn(&mut self, mut command: Command) -> Result<(), DatabaseError> {
        let starting = || "start a database server".to_owned();
        let folder = self.folder.path();
        let log = File::create(folder.join("log")).context(starting)?;
        let process = Process::spawn(
            command
                // A relative name: MariaDB's installer does not take a path with a space.
                .arg("--datadir=./data")
                .env("TMPDIR", folder)
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(log.try_clone().context(starting)?)
                .stderr(log),
        )
        .context(starting)?;
        self.folder.watch(Some(process.id())).context(starting)?;
        self.process = Some(process);
        Ok(())
    }

    async fn wait_for_end(
        &mut self,
        what: &'static str,
        limit: Duration,
    ) -> Result<ExitStatus, DatabaseError> {
        let status = match &mut self.process {
            Some(process) => process.wait(limit).await.context(|| "wait for a database server".to_owned())?,
            None => None,
        };
        status.ok_or_else(|| self.timed_out(what, limit))
    }

    /// Whether it runs, and did not end by itself.
    pub(super) fn is_running(&mut self) -> Result<bool, DatabaseError> {
        if self.status()?.is_some() {
            self.forget_process()?;
        }
        Ok(self.process.is_some())
    }

    fn status(&mut self) -> Result<Option<ExitStatus>, DatabaseError> {
        match &mut self.process {
            Some(process) => process.status().context(|| "look after a database server".to_owned()),
            None => Ok(None),
        }
    }

    fn forget_process(&mut self) -> Result<(), DatabaseError> {
        self.process = None;
        self.folder.watch(None).context(|| "tell the guard of a database server".to_owned())
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn init_file(&self) -> PathBuf {
        self.folder.path().join("init.sql")
    }

    fn died(&self, status: ExitStatus) -> DatabaseError {
        DatabaseError::Died { flavor: self.flavor(), status, log: self.end_of_log() }
    }

    pub(super) fn timed_out(&self, what: &'static str, limit: Duration) -> DatabaseError {
        DatabaseError::TimedOut { flavor: self.flavor(), what, limit, log: self.end_of_log() }
    }

    /// What the program wrote since it was started last.
    pub(super) fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

fn address(flavor: Flavor, password: &str, port: u16) -> ServerAddress {
    ServerAddress::new(flavor, format!("mysql://shop:{password}@127.0.0.1:{port}"))
}
