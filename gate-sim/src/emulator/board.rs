//! The board: power, reset, pins and line.

use super::chip::{Chip, Wiring};
use super::error::EmulatorError;
use super::factory::{self, TEST_SERIAL};
use super::flash::{self, Flash};
use super::flash_controller::FlashController;
use super::gdb::Gdb;
use super::image;
use super::line::{Line, LineFaults};
use super::pins::{self, Change, Outputs};
use super::process::{self, MACHINE, Process};
use super::qmp::Qmp;
use super::qtest::QTest;
use super::sabotage::Sabotage;
use super::storage;
use super::watchdog::{Kennel, Watch, Watchdogs, watch};
use super::{now, rest};
use crate::keys;
use gate_boot::map::FLASH;
use gate_protocol::Site;
use gate_protocol::pins::{Bits, Input, Output};
use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long QEMU may take to open its sockets: 50 ms on a quiet machine.
const START_WITHIN: Duration = Duration::from_secs(20);
/// How many lines of QEMU's are kept to explain why it ended.
const LAST_WORDS: usize = 3;
/// Control register of the timer that ticks the scan.
const SYSTICK_CONTROL: u32 = 0xE000_E010;
/// Registers that enable the chip's first interrupts and make them pending.
const NVIC_ENABLE: u32 = 0xE000_E100;
const NVIC_PEND: u32 = 0xE000_E200;

/// What a board is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The program `qemu-system-arm`, version 10.
    pub qemu: PathBuf,
    /// QEMU's data folder, if it is not where the program looks by itself.
    pub data_dir: Option<PathBuf>,
    /// The firmware image: an ELF file, or the bytes of the flash from its beginning.
    pub firmware: PathBuf,
    /// What else a new board has in its flash, by address. Comes with the factory page of a test
    /// board that is paired. Outdone by the image where both say something.
    pub preload: Vec<(u32, Vec<u8>)>,
    /// A folder of the board's own for its sockets; made if it is not there. Its path must be
    /// short: the names of sockets have some hundred bytes of room.
    pub work_dir: PathBuf,
    /// Counts instructions instead of the wall clock: each takes 2 to the power of this
    /// nanoseconds of the board's time. The wall clock by default.
    pub instruction_shift: Option<u8>,
    /// Which watchdogs reset the board; none by default.
    pub watchdogs: Watchdogs,
    /// Whether the firmware can write its flash; it can by default. QEMU forgets all the code that
    /// it has translated whenever it stops for a write, so a board that writes at its start does
    /// everything for the first time again, and that takes up to a millisecond longer.
    pub flash_is_writable: bool,
}

impl Config {
    /// A board with QEMU's own data folder, a test board's factory page, its pairing with the
    /// [simulated host](keys::of_host), the default site, and no watchdogs.
    pub fn new(
        qemu: impl Into<PathBuf>,
        firmware: impl Into<PathBuf>,
        work_dir: impl Into<PathBuf>,
    ) -> Self {
        let page = factory::test_page(TEST_SERIAL);
        let pairing = keys::pairing_of_controller(&page);
        let site = storage::site_record(Site::DEFAULT);
        Self {
            qemu: qemu.into(),
            data_dir: None,
            firmware: firmware.into(),
            preload: vec![
                factory::preloaded(&page),
                storage::with_pairing_and_site(&pairing, &site),
            ],
            work_dir: work_dir.into(),
            instruction_shift: None,
            watchdogs: Watchdogs::default(),
            flash_is_writable: true,
        }
    }

    /// The same board as the factory delivers it once it is paired: without a site.
    #[must_use]
    pub fn without_site(mut self) -> Self {
        let page = factory::test_page(TEST_SERIAL);
        let pairing = keys::pairing_of_controller(&page);
        self.preload = vec![factory::preloaded(&page), storage::with_pairing(&pairing)];
        self
    }
}

/// An emulated board: see the module. Dropping it pulls the plug.
#[derive(Debug)]
pub struct Board {
    config: Config,
    wiring: Arc<Mutex<Wiring>>,
    outputs: Arc<Outputs>,
    flash: Flash,
    power: Option<Power>,
    line: Line,
}

/// All that exists only while there is power. What acts by itself goes first, the process last.
#[derive(Debug)]
struct Power {
    _watch: Watch,
    _flash_controller: FlashController,
    kennel: Arc<Kennel>,
    chip: Arc<Chip>,
    _process: Process,
}

impl Board {
    /// Switches a new board on, with these levels at its inputs from the first instruction on.
    ///
    /// # Errors
    ///
    /// What is missing, or what QEMU says: see [`EmulatorError`].
    pub fn power_on(config: &Config, inputs: Bits) -> Result<Self, EmulatorError> {
        process::check(&config.qemu, &config.firmware)?;
        std::fs::create_dir_all(&config.work_dir)
            .map_err(EmulatorError::io("make the board's folder"))?;
        let flash = Flash::erased();
        for (address, bytes) in config.preload.iter().chain(&image::read(&config.firmware)?) {
            flash.load(*address, bytes);
        }
        flash.start_without_boot_loader();
        let mut board = Self {
            config: config.clone(),
            wiring: Arc::new(Mutex::new(Wiring {
                signals: inputs,
                torn: Bits(0),
            })),
            outputs: Arc::new(Outputs::default()),
            flash,
            power: None,
            line: Line::new()?,
        };
        board.power_back()?;
        Ok(board)
    }

    /// The serial device at the host's end of the line. It stays the same over power cuts.
    #[must_use]
    pub fn tty(&self) -> &Path {
        self.line.name()
    }

    /// What is wrong with the line.
    #[must_use]
    pub fn line_faults(&self) -> &LineFaults {
        self.line.faults()
    }

    /// Keeps what passes on the line from now on.
    pub fn listen(&self) {
        self.line.ear().listen();
    }

    /// What has passed on the line since the last call; nothing if nobody listens.
    #[must_use]
    pub fn heard(&self) -> Vec<crate::controller::Heard> {
        self.line.ear().heard()
    }

    /// Switches a signal on or off; see [`Input`] for what on means. Mends a torn wire.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Ended`] and the like if QEMU is gone. Without power the level is noted and
    /// no error.
    pub fn set_input(&self, input: Input, on: bool) -> Result<(), EmulatorError> {
        self.wire(|wiring| {
            wiring.signals = wiring.signals.with_input(input, on);
            wiring.torn = wiring.torn.with_input(input, false);
        });
        match &self.power {
            Some(power) => power.chip.drive(input, on),
            None => Ok(()),
        }
    }

    /// Tears the wire of an input off: the board's pull resistor decides what it reads.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`].
    pub fn tear_wire(&self, input: Input) -> Result<(), EmulatorError> {
        self.wire(|wiring| wiring.torn = wiring.torn.with_input(input, true));
        match &self.power {
            Some(power) => power.chip.tear(pins::input(input).port),
            None => Ok(()),
        }
    }

    fn wire(&self, change: impl FnOnce(&mut Wiring)) {
        // Nobody panics while changing a wire.
        let mut wiring = self.wiring.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut wiring);
    }

    /// The flash, which outlives reset and power cut.
    #[must_use]
    pub const fn flash(&self) -> &Flash {
        &self.flash
    }

    /// Whether the board has power: it may have lost it by [`Flash::cut_power`].
    #[must_use]
    pub fn has_power(&self) -> bool {
        let alive = |power: &Power| !power.chip.is_powerless();
        self.power.as_ref().is_some_and(alive)
    }

    /// The outputs as they are now; all off without power.
    #[must_use]
    pub fn outputs(&self) -> Bits {
        self.outputs.bits()
    }

    /// Every change of the outputs from now on, over power cuts as well.
    #[must_use]
    pub fn changes(&self) -> Receiver<Change> {
        self.outputs.listen()
    }

    /// Presses the reset button.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`].
    pub fn reset(&self) -> Result<(), EmulatorError> {
        match &self.power {
            Some(power) => {
                power.kennel.calm();
                power.chip.restart()
            }
            None => Ok(()),
        }
    }

    /// How often the board has been reset since power came on, by whomever.
    #[must_use]
    pub fn resets(&self) -> u64 {
        self.power.as_ref().map_or(0, |power| power.chip.resets())
    }

    /// How often a watchdog has reset the board since power came on.
    #[must_use]
    pub fn watchdog_resets(&self) -> u64 {
        self.power.as_ref().map_or(0, |power| power.kennel.resets())
    }

    /// Stops the timer that ticks the scan: firmware that hangs.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`].
    pub fn hang(&self) -> Result<(), EmulatorError> {
        match &self.power {
            Some(power) => power.chip.write(SYSTICK_CONTROL, 0),
            None => Ok(()),
        }
    }

    /// Raises an interrupt that the firmware does not know: firmware that fails.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`].
    pub fn crash(&self) -> Result<(), EmulatorError> {
        match &self.power {
            Some(power) => {
                power.chip.write(NVIC_ENABLE, 1)?;
                power.chip.write(NVIC_PEND, 1)
            }
            None => Ok(()),
        }
    }

    /// Lets the driver of an output be stuck at a level, whatever the firmware drives, or work again.
    /// The pin is taken from the port and left to its pull resistor, which the next start undoes.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`].
    pub fn stick(&self, output: Output, level: Option<bool>) -> Result<(), EmulatorError> {
        match &self.power {
            Some(power) => power.chip.stick(pins::output(output), level),
            None => Ok(()),
        }
    }

    /// Lets the firmware fail.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`].
    pub fn sabotage(&self, how: Sabotage) -> Result<(), EmulatorError> {
        match &self.power {
            Some(power) => how.inflict(&power.chip),
            None => Ok(()),
        }
    }

    /// Writes over the chip's memory: firmware that ruins its own.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`].
    pub fn overwrite(&self, address: u32, bytes: &[u8]) -> Result<(), EmulatorError> {
        match &self.power {
            Some(power) => power.chip.write_bytes(address, bytes),
            None => Ok(()),
        }
    }

    /// Lets the firmware fail while the board's clock stands; gives the eight bytes at `address` as they
    /// were then, which may be that clock.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`]; [`EmulatorError::Ended`] without power.
    pub fn sabotage_at(&self, address: u32, how: Sabotage) -> Result<u64, EmulatorError> {
        let chip = &self.powered()?.chip;
        chip.stopped(|| {
            let bytes = chip.read(address, size_of::<u64>())?;
            how.inflict(chip)?;
            Ok(bytes
                .iter()
                .rfold(0, |word, byte| word << 8 | u64::from(*byte)))
        })
    }

    /// Sets an input while the board's clock stands, and counts the instructions from then until
    /// `done` says so of the outputs; none if `limit` of them are not enough. Only a board that
    /// [counts instructions](Config::instruction_shift) ticks by them meanwhile.
    ///
    /// # Errors
    ///
    /// As [`Board::set_input`]; [`EmulatorError::Ended`] without power.
    pub fn instructions_until(
        &self,
        input: Input,
        on: bool,
        limit: u32,
        done: impl Fn(Bits) -> bool,
    ) -> Result<Option<u32>, EmulatorError> {
        self.wire(|wiring| wiring.signals = wiring.signals.with_input(input, on));
        let chip = &self.powered()?.chip;
        chip.instructions_until((input, on), limit, done)
    }

    fn powered(&self) -> Result<&Power, EmulatorError> {
        self.power.as_ref().ok_or_else(|| EmulatorError::Ended {
            said: "no power".to_owned(),
        })
    }

    /// Pulls the plug: every relay falls off at once.
    pub fn power_cut(&mut self) {
        self.line.unplug();
        self.power = None;
        self.outputs.all_off(now());
    }

    /// Gives the board power again, with the inputs as they are now. Does nothing if it has any.
    ///
    /// # Errors
    ///
    /// As [`Board::power_on`].
    pub fn power_back(&mut self) -> Result<(), EmulatorError> {
        if self.power.is_some() {
            return Ok(());
        }
        std::fs::write(self.config.work_dir.join("flash"), self.flash.read(FLASH))
            .map_err(EmulatorError::io("write down what the flash holds"))?;
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let kennel = Arc::new(Kennel::new());
        let process = self.start_process(&said, &kennel)?;
        let connect = |name| self.connect(name, &said);
        self.line.plug(connect("usart")?, connect("kick")?)?;
        let qtest = QTest::over(connect("qtest")?, self.outputs.clone())?;
        let qmp = Qmp::over(connect("qmp")?)?;
        let mut gdb = Gdb::over(connect("gdb")?)?;
        if self.config.flash_is_writable {
            for address in flash::breakpoints() {
                gdb.break_at(address)?;
            }
        }
        let (wiring, outputs) = (self.wiring.clone(), self.outputs.clone());
        let chip = Arc::new(Chip::start(qtest, qmp, gdb, wiring, outputs)?);
        let flash_controller = FlashController::serve(chip.clone(), self.flash.clone())?;
        let watch = watch(
            self.config.watchdogs,
            kennel.clone(),
            self.outputs.clone(),
            chip.clone(),
        );
        self.power = Some(Power {
            _watch: watch,
            _flash_controller: flash_controller,
            kennel,
            chip,
            _process: process,
        });
        Ok(())
    }

    fn start_process(
        &self,
        said: &Arc<Mutex<VecDeque<String>>>,
        kennel: &Arc<Kennel>,
    ) -> Result<Process, EmulatorError> {
        for name in ["usart", "kick", "qtest", "qmp", "gdb"] {
            // A socket left by an earlier process would be taken for the new one's.
            let _ = std::fs::remove_file(self.config.work_dir.join(name));
        }
        let (said, kennel) = (said.clone(), kennel.clone());
        Process::start(&self.config.qemu, self.arguments(), move |line| {
            kennel.read_log(line);
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.len() == LAST_WORDS {
                said.pop_front();
            }
            said.push_back(line.to_owned());
        })
    }

    fn arguments(&self) -> Vec<String> {
        let path = |name: &str| self.config.work_dir.join(name).display().to_string();
        let character = |id: &str| format!("socket,id={id},path={},server=on,wait=off", path(id));
        let control = |name: &str| format!("unix:{},server=on,wait=off", path(name));
        let mut arguments: Vec<String> = Vec::new();
        if let Some(data) = &self.config.data_dir {
            arguments.extend(["-L".to_owned(), data.display().to_string()]);
        }
        if let Some(shift) = self.config.instruction_shift {
            arguments.extend(["-icount".to_owned(), format!("shift={shift},sleep=on")]);
        }
        // Halted, so that the inputs are there before the first instruction. Accesses to what is
        // not modelled are logged: the chip's watchdog is fed from that.
        let board = [
            "-M",
            MACHINE,
            "-nographic",
            "-nodefaults",
            "-accel",
            "tcg",
            "-S",
            "-d",
            "unimp",
        ];
        arguments.extend(board.map(str::to_owned));
        // The chip has its own RAM; QEMU loads no file that is larger than this.
        arguments.extend(["-m".to_owned(), "2M".to_owned()]);
        arguments.extend([
            "-device".to_owned(),
            format!(
                "loader,file={},addr={:#x},force-raw=on",
                path("flash"),
                FLASH.start
            ),
        ]);
        for id in ["usart", "kick"] {
            arguments.extend(["-chardev".to_owned(), character(id)]);
        }
        // USART1 to 3, UART4 and 5, LPUART1.
        for serial in [
            "null",
            "chardev:usart",
            "null",
            "null",
            "null",
            "chardev:kick",
        ] {
            arguments.extend(["-serial".to_owned(), serial.to_owned()]);
        }
        // A reset that the firmware asks for is held until the ports' oddities are made good.
        let hold = "reboot=shutdown,shutdown=pause";
        arguments.extend(["-action".to_owned(), hold.to_owned()]);
        arguments.extend(["-qtest".to_owned(), control("qtest")]);
        arguments.extend(["-qtest-log".to_owned(), "none".to_owned()]);
        arguments.extend(["-qmp".to_owned(), control("qmp")]);
        arguments.extend(["-gdb".to_owned(), control("gdb")]);
        arguments
    }

    /// Connects to one of QEMU's sockets as soon as it is there.
    fn connect(
        &self,
        name: &str,
        said: &Mutex<VecDeque<String>>,
    ) -> Result<UnixStream, EmulatorError> {
        let path = self.config.work_dir.join(name);
        let began = now();
        loop {
            match UnixStream::connect(&path) {
                Ok(socket) => return Ok(socket),
                Err(_) if now().duration_since(began) < START_WITHIN => rest(),
                Err(source) => {
                    let said = said.lock().unwrap_or_else(PoisonError::into_inner);
                    return Err(match said.back() {
                        Some(_) => EmulatorError::Ended {
                            said: said.iter().cloned().collect::<Vec<_>>().join("; "),
                        },
                        None => EmulatorError::Io {
                            what: "connect to QEMU",
                            source,
                        },
                    });
                }
            }
        }
    }
}
