//! Keys of simulated lanes: known to everybody, so good for nothing else.

use gate_boot::factory::FactoryPage;
use gate_protocol::keys::{Pairing, Secret};
use gate_protocol::link::{controller, host};
use gate_protocol::pairing::LabelCode;

/// Static key of every simulated host.
#[must_use]
pub fn host_secret() -> Secret {
    Secret::derive("simulated host", &[])
}

/// The simulated host, paired with the controller that has this factory page. It takes weak random
/// numbers, because nothing simulated has others.
#[must_use]
pub fn of_host(page: &FactoryPage) -> host::Keys {
    host::Keys {
        own: host_secret(),
        pairing: Pairing {
            peer: controller::public_key(&Secret::new(page.device_secret)),
            shared: shared(page),
        },
        weak_entropy_will_do: true,
    }
}

/// The controller that has this factory page, paired with the simulated host.
#[must_use]
pub fn of_controller(page: &FactoryPage) -> controller::Keys {
    controller::Keys {
        own: Secret::new(page.device_secret),
        label: Some(LabelCode(page.label_code)),
        pairing: Some(pairing_of_controller(page)),
    }
}

/// What the controller that has this factory page keeps of its pairing with the simulated host.
#[must_use]
pub fn pairing_of_controller(page: &FactoryPage) -> Pairing {
    Pairing {
        peer: host::public_key(&host_secret()),
        shared: shared(page),
    }
}

fn shared(page: &FactoryPage) -> Secret {
    Secret::derive("simulated pairing", &[&page.device_secret])
}
