//! Who comes to the demonstration lane: faces from the fetched pictures, documents from the
//! generator of test documents.

use anyhow::{Context, ensure};
use gate_document::seal::profile::PermitProfile;
use gate_document::trust::Certificate;
use gate_face::manifest::Manifest;
use gate_sim::camera::{Format as CameraFormat, Scene, Sight, portrait};
use gate_sim::chip::{Chip, Fault, latency};
use gate_sim::issuer::permit::PermitDesk;
use gate_sim::issuer::{
    Authority, DocumentRequest, Encoding, Format, Portrait, Scheme, Sex, State, TestDocument,
};
use gate_sim::world::{Persona, Presentation, ShownPermit, View};
use image::RgbImage;
use image::imageops::FilterType;
use jiff::civil::{Date, date};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Size of a portrait on a chip (Doc 9303 via ISO/IEC 19794-5): 413 × 531 px and some 15 kB.
const PORTRAIT: (u32, u32, usize) = (413, 531, 15_000);

/// In which order people come: each kind once, then the everyday again.
pub(crate) const PROGRAMME: [Persona; 12] = [
    Persona::Genuine,
    Persona::Impostor,
    Persona::PhotoAttack,
    Persona::ExpiredDocument,
    Persona::ChangedPortrait,
    Persona::ChipFailsOnce,
    Persona::DoesNotStepIn,
    Persona::Genuine,
    Persona::Tailgater,
    Persona::LeavesBag,
    Persona::WithPermit,
    Persona::ForgedPermit,
];

/// The committed example of a permit, for permits of Utopia.
pub(crate) fn permit_profile() -> String {
    include_str!("../../../gate-document/permits/crew-shore-leave.toml")
        .replace("issuers = [\"VNM\"]", "issuers = [\"UTO\"]")
}

/// The port of the demonstration.
pub(crate) const PLACE: &str = "VNHPH";

/// Everybody who may come.
pub(crate) struct Cast {
    /// Two photographs of one person, the first of which is on the document.
    pairs: Vec<[RgbImage; 2]>,
    /// Somebody else.
    stranger: RgbImage,
    authorities: [(State, Authority); 2],
    desk: PermitDesk,
    forger: PermitDesk,
    scenes: HashMap<(usize, View), Scene>,
    format: CameraFormat,
    seed: u64,
}

/// One traveller's appearance.
pub(crate) struct Part {
    /// Who.
    pub(crate) persona: Persona,
    /// The printed zone, lines separated by line feeds.
    pub(crate) zone: String,
    /// The chip in the document.
    pub(crate) chip: Chip,
    /// Which face this is, for [`Cast::scene`].
    pub(crate) face: usize,
    /// The permit, where there is one.
    pub(crate) permit: Option<Vec<u8>>,
}

impl Cast {
    /// Reads the pictures that `manifest` names out of `folder`.
    pub(crate) fn gather(manifest: &Manifest, folder: &Path, seed: u64) -> anyhow::Result<Self> {
        let mut people: BTreeMap<&str, Vec<RgbImage>> = BTreeMap::new();
        for picture in &manifest.pictures {
            let file = folder.join(&picture.file);
            let image =
                portrait(&file).with_context(|| format!("{}: picture expected", file.display()))?;
            people.entry(&picture.person).or_default().push(image);
        }
        let (pairs, singles): (Vec<_>, Vec<_>) = people
            .into_values()
            .partition(|pictures| pictures.len() >= 2);
        let pairs: Vec<[RgbImage; 2]> = pairs
            .into_iter()
            .filter_map(|pictures| <[RgbImage; 2]>::try_from(pictures).ok())
            .collect();
        let stranger = singles
            .into_iter()
            .flatten()
            .next()
            .context("pictures of a third person expected")?;
        ensure!(
            !pairs.is_empty(),
            "two pictures of one person expected, to have portrait and face differ"
        );
        let authorities = [
            (
                State::UTOPIA,
                Authority::new(State::UTOPIA, Scheme::Elliptic, seed)?,
            ),
            (
                State::VIETNAM,
                Authority::new(State::VIETNAM, Scheme::Rsa, seed + 1)?,
            ),
        ];
        let desk = authorities[0].1.permit_desk()?;
        let forger = authorities[0].1.impostor()?.permit_desk()?;
        Ok(Self {
            desk,
            forger,
            pairs,
            stranger,
            authorities,
            scenes: HashMap::new(),
            format: CameraFormat::default(),
            seed,
        })
    }

    /// Whoever comes looks like this: a real person is going to stand before a real camera.
    pub(crate) fn portray(&mut self, portrait: &RgbImage) {
        self.pairs = vec![[portrait.clone(), portrait.clone()]];
    }

    /// What a gate must trust to accept these people's documents.
    pub(crate) fn trust(&self) -> anyhow::Result<Vec<u8>> {
        let mut bundle = Vec::new();
        for (_, authority) in &self.authorities {
            bundle.extend(authority.csca_pem()?);
        }
        Ok(bundle)
    }

    /// Who signs the permits.
    pub(crate) fn permit_signers(&self) -> Vec<Certificate> {
        self.desk.certificate().into_iter().collect()
    }

    /// A permit for one entry with this document.
    fn permit(&self, shown: ShownPermit, number: &str, today: Date) -> anyhow::Result<Vec<u8>> {
        let profile = PermitProfile::parse("permit.toml", &permit_profile())?;
        let data = format!(
            "document-number = \"{number}\"\nship = \"IMO9074729\"\nports = \"{PLACE}\"\n\
             last-day = {today}\nentries = 1\n"
        );
        let desk = match shown {
            ShownPermit::Good | ShownPermit::Alone => &self.desk,
            ShownPermit::Forged => &self.forger,
        };
        Ok(desk.issue(&profile, &data, today)?)
    }

    /// The camera's format.
    pub(crate) const fn format(&self) -> CameraFormat {
        self.format
    }

    /// Prepares the `count`th traveller.
    pub(crate) fn part(&self, persona: Persona, count: u64, today: Date) -> anyhow::Result<Part> {
        let person = usize::try_from(count)? % self.pairs.len();
        let document = self.document(persona, person, count, today)?;
        let mut chip =
            Chip::new(&document, self.seed + count).with_profile(latency::Profile::TYPICAL);
        if persona.chip_failures() > 0 {
            chip = chip.with_faults(vec![
                Fault::Vanishes { after: 9 };
                usize::from(persona.chip_failures())
            ]);
        }
        let face = match persona {
            Persona::Impostor => self.pairs.len(),
            _ => person,
        };
        let permit = persona
            .permit()
            .map(|shown| self.permit(shown, &number(count), today))
            .transpose()?;
        Ok(Part {
            permit,
            persona,
            zone: document.lines().join("\n"),
            chip,
            face,
        })
    }

    fn document(
        &self,
        persona: Persona,
        person: usize,
        count: u64,
        today: Date,
    ) -> anyhow::Result<TestDocument> {
        let encoding = if count.is_multiple_of(2) {
            Encoding::Jpeg2000
        } else {
            Encoding::Jpeg
        };
        let printed = encode(&self.pairs[person][0], encoding)?;
        let signed = match persona {
            Persona::ChangedPortrait => encode(&self.stranger, encoding)?,
            _ => printed.clone(),
        };
        let (state, authority) = &self.authorities[person % self.authorities.len()];
        let years = if persona == Persona::ExpiredDocument {
            -1
        } else {
            4
        };
        let document = authority.issue(&DocumentRequest {
            format: Format::Td3,
            surname: "SPECIMEN".into(),
            given_names: format!("PERSON {}", ["ONE", "TWO", "THREE"][person % 3]),
            number: number(count),
            nationality: state.code,
            birth: date(1980, 2, 3),
            sex: Sex::Unspecified,
            expiry: today.saturating_add(jiff::Span::new().years(years)),
            optional: String::new(),
            portrait: signed,
        })?;
        Ok(if persona == Persona::ChangedPortrait {
            document.exchange_portrait(&printed)
        } else {
            document
        })
    }

    /// What the camera sees when `face` does that. Drawn when first needed.
    pub(crate) fn scene(&mut self, face: usize, view: View) -> Scene {
        let (pairs, stranger, format, seed) = (&self.pairs, &self.stranger, self.format, self.seed);
        let scene = self.scenes.entry((face, view)).or_insert_with(|| {
            let live = pairs.get(face).map_or(stranger, |pair| &pair[1]);
            let sight = match view {
                View::Nobody => Sight::Empty,
                View::Approaching => Sight::Approaching(live),
                View::TurnedAway => Sight::Restless(live),
                View::Face(Presentation::Live) => Sight::Face(live),
                View::Face(Presentation::Photograph) => Sight::Print(live),
            };
            Scene::draw(sight, format, seed + face as u64)
        });
        scene.clone()
    }

    /// Draws everything that anybody may need. Doors stand still while something is drawn, and a
    /// controller takes one that stands still for long for a stuck one.
    pub(crate) fn rehearse_all(&mut self) {
        let views = [
            View::Nobody,
            View::Approaching,
            View::TurnedAway,
            View::Face(Presentation::Live),
            View::Face(Presentation::Photograph),
        ];
        for face in 0..=self.pairs.len() {
            for view in views {
                self.scene(face, view);
            }
        }
    }

    /// Draws everything that `part` may need, so that nothing is drawn while a traveller waits.
    pub(crate) fn rehearse(&mut self, part: &Part) {
        for view in [
            View::Nobody,
            View::Approaching,
            View::TurnedAway,
            View::Face(part.persona.presents()),
        ] {
            self.scene(part.face, view);
        }
    }
}

/// Number of the `count`th traveller's document.
fn number(count: u64) -> String {
    format!("T{:08}", count + 1)
}

fn encode(picture: &RgbImage, encoding: Encoding) -> anyhow::Result<Portrait> {
    let (width, height, bytes) = PORTRAIT;
    // The middle of the picture in the portrait's proportions, as an issuer would cut it.
    let cut = (picture.height() * width / height).min(picture.width());
    let left = (picture.width() - cut) / 2;
    let middle = image::imageops::crop_imm(picture, left, 0, cut, picture.height()).to_image();
    let sized = image::imageops::resize(&middle, width, height, FilterType::Lanczos3);
    Ok(Portrait::encode(&sized, encoding, bytes)?)
}
