//! The chip behind QEMU's three sockets.

use super::error::EmulatorError;
use super::flash::{self, Flash, Outcome};
use super::gdb::Gdb;
use super::now;
use super::pins::{self, Outputs, Pin};
use super::qmp::Qmp;
use super::qtest::QTest;
use gate_protocol::pins::{Bits, Input, Output};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Port A's registers; the others follow.
const GPIO: u32 = 0x4800_0000;
const GPIO_SIZE: u32 = 0x400;
const GPIO_MODE: u32 = 0x00;
const GPIO_PULL: u32 = 0x0C;

/// Single instructions between two looks at the outputs.
const STRIDE: u32 = 25;

/// What is connected to the input pins, with or without power.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wiring {
    /// Signals that are on.
    pub(super) signals: Bits,
    /// Inputs whose wire is torn off.
    pub(super) torn: Bits,
}

impl Wiring {
    /// The pins of `port` that hang in the air, as a mask.
    fn torn_at(self, port: char) -> u16 {
        Input::ALL
            .into_iter()
            .filter(|input| self.torn.input(*input))
            .map(pins::input)
            .filter(|pin| pin.port == port)
            .fold(0, |mask, pin| mask | 1 << pin.number)
    }
}

/// A chip with power.
#[derive(Debug)]
pub(super) struct Chip {
    qtest: QTest,
    qmp: Qmp,
    wiring: Arc<Mutex<Wiring>>,
    outputs: Arc<Outputs>,
    /// Held while the chip is stopped: whoever stops it lets it run again.
    debugger: Mutex<Gdb>,
    /// The power failed during a flash operation.
    powerless: AtomicBool,
    /// One reset after the other: button and watchdogs may want it at once.
    restarting: Mutex<()>,
}

impl Chip {
    /// Takes over a chip that is halted, connects its inputs and lets it run.
    pub(super) fn start(
        qtest: QTest,
        qmp: Qmp,
        debugger: Gdb,
        wiring: Arc<Mutex<Wiring>>,
        outputs: Arc<Outputs>,
    ) -> Result<Self, EmulatorError> {
        let chip = Self {
            qtest,
            qmp,
            wiring,
            outputs,
            debugger: Mutex::new(debugger),
            powerless: AtomicBool::new(false),
            restarting: Mutex::new(()),
        };
        chip.outputs.be_deaf(true);
        chip.hold_down()?;
        chip.outputs.be_deaf(false);
        chip.connect_inputs()?;
        chip.debugger().run()?;
        Ok(chip)
    }

    /// Puts the signal of `input` on its pin.
    pub(super) fn drive(&self, input: Input, on: bool) -> Result<(), EmulatorError> {
        self.qtest.set(pins::input(input), pins::level(input, on))
    }

    /// Opens the wires of one port that are torn off.
    pub(super) fn tear(&self, port: char) -> Result<(), EmulatorError> {
        let torn = self.wiring().torn_at(port);
        for number in (0..16).filter(|number| torn & (1 << number) != 0) {
            self.qtest.has_been_high(Pin { port, number })?;
        }
        self.qmp.disconnect(port, torn)
    }

    /// Takes a pin from its output register and pulls it to `level`, or gives it back.
    pub(super) fn stick(&self, pin: Pin, level: Option<bool>) -> Result<(), EmulatorError> {
        let port = GPIO + (pin.port as u32 - 'a' as u32) * GPIO_SIZE;
        let shift = u32::from(pin.number) * 2;
        let change = |register, bits: u32| {
            let word = self.read_word(port + register)?;
            self.write(port + register, word & !(0b11 << shift) | bits << shift)
        };
        // 0: input; 1: output. 0: no resistor; 1: up; 2: down.
        let (mode, pull) = match level {
            None => (1, 0),
            Some(true) => (0, 1),
            Some(false) => (0, 2),
        };
        change(GPIO_PULL, pull)?;
        change(GPIO_MODE, mode)
    }

    /// Writes a word to the chip's memory or registers.
    pub(super) fn write(&self, address: u32, word: u32) -> Result<(), EmulatorError> {
        self.qtest.write(address, word)
    }

    /// Writes to the chip's memory.
    pub(super) fn write_bytes(&self, address: u32, bytes: &[u8]) -> Result<(), EmulatorError> {
        self.qtest.write_bytes(address, bytes)
    }

    /// Reads from the chip's memory or registers.
    pub(super) fn read(&self, address: u32, length: usize) -> Result<Vec<u8>, EmulatorError> {
        self.qtest.read(address, length)
    }

    /// Reads a word from the chip's memory or registers.
    pub(super) fn read_word(&self, address: u32) -> Result<u32, EmulatorError> {
        let bytes = self.read(address, size_of::<u32>())?;
        Ok(bytes
            .iter()
            .rfold(0, |word, byte| word << 8 | u32::from(*byte)))
    }

    /// Stops the chip's clock while `work` is done.
    pub(super) fn stopped<R>(
        &self,
        work: impl FnOnce() -> Result<R, EmulatorError>,
    ) -> Result<R, EmulatorError> {
        let mut debugger = self.debugger();
        self.qmp.stop()?;
        // It may have stood at a breakpoint just then; it stops there anew.
        debugger.at_breakpoint()?;
        let done = work();
        debugger.run()?;
        done
    }

    /// Puts a signal on its pin while the clock stands, and lets the chip do single instructions
    /// until `done` says so of its outputs; gives how many that were, to the next [`STRIDE`].
    pub(super) fn instructions_until(
        &self,
        (input, on): (Input, bool),
        limit: u32,
        done: impl Fn(Bits) -> bool,
    ) -> Result<Option<u32>, EmulatorError> {
        let mut debugger = self.debugger();
        self.qmp.stop()?;
        debugger.at_breakpoint()?;
        debugger.step_with_interrupts()?;
        self.drive(input, on)?;
        let mut count = 0;
        while count < limit {
            for _ in 0..STRIDE {
                debugger.step()?;
            }
            count += STRIDE;
            // QEMU reports an edge before it answers.
            self.read_word(GPIO)?;
            if done(self.outputs.bits()) {
                debugger.run()?;
                return Ok(Some(count));
            }
        }
        debugger.run()?;
        Ok(None)
    }

    /// Whether the firmware has asked for a reset. The chip is held until [`Chip::restart`].
    pub(super) fn wants_restart(&self) -> bool {
        self.qmp.firmware_wants_reset()
    }

    /// How often the chip has been reset.
    pub(super) fn resets(&self) -> u64 {
        self.qmp.resets()
    }

    /// Whether the power has failed during a flash operation.
    pub(super) fn is_powerless(&self) -> bool {
        self.powerless.load(Ordering::SeqCst)
    }

    /// Something to wait at until [`Chip::serve`] is wanted.
    pub(super) fn bell(&self) -> Result<UnixStream, EmulatorError> {
        self.debugger().bell()
    }

    /// Does what the chip's flash controller does, if the firmware stands at a flash primitive.
    pub(super) fn serve(&self, flash: &Flash) -> Result<(), EmulatorError> {
        let mut debugger = self.debugger();
        if !debugger.at_breakpoint()? {
            return Ok(()); // somebody is about to reset it
        }
        let registers = debugger.registers()?;
        let at = registers.program_counter;
        let Some(operation) = flash::operation(at, registers.arguments) else {
            return debugger.run();
        };
        match flash.operate(operation) {
            Outcome::Done { address, bytes } => {
                debugger.write(address, &bytes)?;
                // Past the instruction that is there to be stopped at, into the driver, which
                // finds a flash controller without complaints.
                debugger.go_on_at(at + 2)?;
            }
            Outcome::Refused { status } => debugger.return_with(registers.link, status)?,
            Outcome::PowerLost => {
                self.powerless.store(true, Ordering::SeqCst);
                self.outputs.all_off(now());
                return Ok(());
            }
        }
        debugger.run()
    }

    /// Pulls the reset line.
    ///
    /// A reset of QEMU's ports differs from one of real ports in two ways, both made good while
    /// the chip is held: the ports let go of their inputs, and their outputs fall to low without
    /// saying so. A level that was reported last is not reported again, so each pin that was high
    /// is raised and lowered once from outside, which QEMU does report.
    pub(super) fn restart(&self) -> Result<(), EmulatorError> {
        let _alone = self
            .restarting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut debugger = self.debugger();
        if self.is_powerless() {
            return Ok(());
        }
        self.qmp.stop()?;
        // Wherever it has stopped, that is over now.
        debugger.at_breakpoint()?;
        let high: Vec<Pin> = self.outputs.all_off(now());
        self.outputs.be_deaf(true);
        self.qmp.reset()?;
        for pin in high {
            // QEMU reports an edge before it answers, so none is heard too late.
            self.qtest.set(pin, true)?;
            self.qtest.set(pin, false)?;
        }
        self.hold_down()?;
        self.outputs.be_deaf(false);
        self.connect_inputs()?;
        debugger.run()
    }

    /// The chip pulls two pins up until the firmware takes them, as they are a debugger's too. The
    /// board has resistors that win.
    fn hold_down(&self) -> Result<(), EmulatorError> {
        for output in [Output::Watchdog, Output::Light] {
            let pin = pins::output(output);
            // Whatever level was reported last, it is low from now on.
            self.qtest.set(pin, true)?;
            self.qtest.set(pin, false)?;
        }
        Ok(())
    }

    fn connect_inputs(&self) -> Result<(), EmulatorError> {
        let wiring = self.wiring();
        for input in Input::ALL {
            if !wiring.torn.input(input) {
                self.drive(input, wiring.signals.input(input))?;
            }
        }
        Ok(())
    }

    fn debugger(&self) -> MutexGuard<'_, Gdb> {
        // Nobody panics while holding it.
        self.debugger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wiring(&self) -> Wiring {
        // Nobody panics while changing a wire.
        *self.wiring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
