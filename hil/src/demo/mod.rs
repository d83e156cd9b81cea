//! The demonstration: travellers walk through a whole lane, of which only glass, steel and people
//! are simulated.

use crate::ending::{GateFault, Stopped};
use crate::lane::cast::{Cast, PROGRAMME};
use crate::lane::daemon::{self, Daemon, Places};
use crate::lane::screen;
use crate::lane::stand::Stand;
use crate::lane::told::{Reading, Told};
use crate::rig::Parts;
use crate::station::{Controller, Station};
use crate::stop::Signals;
use anyhow::Context;
use gate_face::manifest::Manifest;
use gate_session::Screen;
use gate_sim::profile::Profile;
use jiff::Zoned;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// Longer than any traveller takes, officer and way back included.
const TRAVELLER_MAX: Duration = Duration::from_secs(120);

/// Longer than the daemon takes to load its models on a busy machine.
const READY_MAX: Duration = Duration::from_secs(60);

/// What the demonstration needs to know.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many travellers come; without this, they keep coming in a terminal, and elsewhere each
    /// kind comes once.
    #[arg(long)]
    travellers: Option<u64>,
    /// Print only text: choose any free port for the page and do not wait for anybody to open it.
    #[arg(long)]
    headless: bool,
    /// Write one line of JSON for each traveller.
    #[arg(long)]
    json: Option<PathBuf>,
    /// How fast people and devices are: fast (frequent travellers), typical, slow (first-timers with
    /// bags).
    #[arg(long, default_value = "fast")]
    profile: String,
    /// Decides who is how fast.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    parts: Parts,
}

/// Runs the demonstration; an error if any traveller did not end as they should.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        tokio::select! {
            result = walk(options) => result,
            // What was started ends with the walk.
            () = signals.next() => {
                say!("\nstopped");
                Err(Stopped.into())
            }
        }
    })
}

async fn walk(options: &Options) -> anyhow::Result<()> {
    let profile = Profile::named(&options.profile).with_context(|| {
        format!(
            "profile {:?}: fast, typical or slow expected",
            options.profile
        )
    })?;
    let parts = &options.parts;
    let manifest = Manifest::open(&parts.manifest)?;
    let folder = tempfile::Builder::new().prefix("gate-").tempdir()?;
    let mut report = options.json.as_ref().map(File::create).transpose()?;

    say!("Switching the lane on …");
    let mut cast = Cast::gather(&manifest, &parts.models, options.seed)?;
    cast.rehearse_all();
    let trust = cast.trust()?;
    let permit_signers = cast.permit_signers();
    let station = Station::simulated(Controller::Emulated);
    let make = parts.make(&station, options.seed);
    let stand = Stand::power_on(&station, &make, folder.path(), cast, profile, options.seed);
    let mut stand = stand.await?;
    let page = daemon::free_port(if options.headless { 0 } else { 8080 })?;
    let places = Places {
        station: &station,
        stand: &stand,
        parts,
        page,
        small_disk: false,
    };
    let mut daemon = Daemon::start(folder.path(), &places, &trust, permit_signers)?;
    let mut screen = screen::follow(page);
    stand.look_at(screen.clone());
    let ready = stand
        .live(screen::wait(&mut screen, READY_MAX, |screen| {
            screen == Screen::Welcome
        }))
        .await?;
    let ready = ready.with_context(|| {
        format!(
            "the lane did not open; the daemon said:\n{}",
            daemon.last_words()
        )
    })?;
    say!(
        "The lane is open, {:.1} s after the daemon was started.",
        ready.as_secs_f64()
    );
    say!("The traveller's page: http://{page}/");
    if endless(options) {
        say!("Travellers keep coming: Ctrl-C to stop.");
    }

    let mut journal = Reading::begin(&daemon.journal())?;
    let mut wrong = 0;
    let mut count = 0;
    while endless(options) || count < travellers(options) {
        let persona = PROGRAMME[usize::try_from(count)? % PROGRAMME.len()];
        let part = stand.cast().part(persona, count, Zoned::now().date())?;
        say!("\nNow comes: {}", persona.word());
        while journal.next()?.is_some() {} // whatever happened in between is nobody's of the programme
        stand.send(part);
        let told = serve(&mut stand, &mut screen, &mut journal)
            .await
            .with_context(|| {
                format!(
                    "{}; the daemon said:\n{}",
                    persona.word(),
                    daemon.last_words()
                )
            })?;
        crate::print::out(format_args!(
            "{}",
            told.text(persona.word(), persona.ends())
        ));
        if let Some(report) = &mut report {
            writeln!(report, "{}", told.json(persona.word(), persona.ends())?)?;
        }
        wrong += u64::from(told.outcome != persona.ends());
        count += 1;
    }
    if let Some(memory) = daemon.memory() {
        say!("\nThe daemon used at most {memory} MiB of memory.");
    }
    drop(daemon);
    say!("{} passed, {wrong} failed", count - wrong);
    if wrong > 0 {
        let why = format!("{wrong} of {count} travellers did not end as they should");
        return Err(GateFault(why).into());
    }
    Ok(())
}

fn endless(options: &Options) -> bool {
    options.travellers.is_none() && std::io::stdout().is_terminal()
}

fn travellers(options: &Options) -> u64 {
    options.travellers.unwrap_or(PROGRAMME.len() as u64)
}

/// Waits until the traveller has come and gone and the lane is open for the next.
async fn serve(
    stand: &mut Stand,
    screen: &mut watch::Receiver<Screen>,
    journal: &mut Reading,
) -> anyhow::Result<Told> {
    let gone = async {
        loop {
            stand.step_and_rest().await?;
            let is_over = stand.is_deserted() && *screen.borrow_and_update() == Screen::Welcome;
            if is_over && let Some(told) = journal.next()? {
                return anyhow::Ok(told);
            }
        }
    };
    match timeout(TRAVELLER_MAX, gone).await {
        Ok(told) => told,
        Err(_) => {
            let shows = *screen.borrow();
            let why = format!("still not served after {TRAVELLER_MAX:?}; the page shows {shows:?}");
            Err(GateFault(why).into())
        }
    }
}
