//! The traveller of these tests: a face, a document, and what the camera sees.

use super::secrets::{BIRTH, GIVEN_NAMES, NUMBER, OPTIONAL, SURNAME};
use anyhow::{Context, Result};
use gate_face::manifest::Manifest;
use gate_sim::camera::{Format as CameraFormat, Scene, Sight, portrait};
use gate_sim::issuer::permit::PermitDesk;
use gate_sim::issuer::{
    Authority, DocumentRequest, Encoding, Format, Portrait, Scheme, Sex, State, TestDocument,
};
use gate_sim::world::View;
use image::RgbImage;
use image::imageops::{self, FilterType};
use jiff::{ToSpan, Zoned};
use std::path::Path;
use std::sync::Arc;

/// Size of a portrait on a chip (Doc 9303 via ISO/IEC 19794-5): 413 × 531 px and some 15 kB.
const PORTRAIT: (u32, u32, usize) = (413, 531, 15_000);

/// Somebody with a good document.
pub(crate) struct Traveller {
    pub(crate) document: TestDocument,
    /// What a gate must trust to accept the document.
    pub(crate) trust: Vec<u8>,
    /// Signs this traveller's permits.
    pub(crate) desk: PermitDesk,
    nobody: Scene,
    coming: Scene,
    looking: Scene,
}

impl Traveller {
    /// Takes the face out of the pictures that the manifest names.
    pub(crate) fn born(manifest: &Manifest, models: &Path) -> Result<Arc<Self>> {
        let [on_document, live] = two_pictures(manifest, models)?;
        let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1)?;
        let today = Zoned::now().date();
        let document = authority.issue(&DocumentRequest {
            format: Format::Td3,
            surname: SURNAME.into(),
            given_names: GIVEN_NAMES.into(),
            number: NUMBER.into(),
            nationality: State::UTOPIA.code,
            birth: BIRTH,
            sex: Sex::Female,
            expiry: today.saturating_add(4.years()),
            optional: OPTIONAL.into(),
            portrait: encode(&on_document)?,
        })?;
        let draw = |sight| Scene::draw(sight, CameraFormat::default(), 1);
        Ok(Arc::new(Self {
            document,
            trust: authority.csca_pem()?,
            desk: authority.permit_desk()?,
            nobody: draw(Sight::Empty),
            coming: draw(Sight::Approaching(&live)),
            looking: draw(Sight::Face(&live)),
        }))
    }

    pub(crate) fn zone(&self) -> String {
        self.document.lines().join("\n")
    }

    pub(crate) fn scene(&self, view: View) -> Scene {
        match view {
            View::Nobody => &self.nobody,
            View::Approaching | View::TurnedAway => &self.coming,
            View::Face(_) => &self.looking,
        }
        .clone()
    }
}

/// Two different photographs of one person.
fn two_pictures(manifest: &Manifest, models: &Path) -> Result<[RgbImage; 2]> {
    let pictures = &manifest.pictures;
    let pair = pictures.iter().enumerate().find_map(|(at, first)| {
        let second = pictures[at + 1..]
            .iter()
            .find(|other| other.person == first.person)?;
        Some([first, second])
    });
    let [first, second] = pair.context("two pictures of one person expected")?;
    let load = |file: &str| {
        let file = models.join(file);
        portrait(&file).with_context(|| format!("{}: picture expected", file.display()))
    };
    Ok([load(&first.file)?, load(&second.file)?])
}

/// The middle of the picture in the portrait's proportions, as an issuer would cut it.
fn encode(picture: &RgbImage) -> Result<Portrait> {
    let (width, height, bytes) = PORTRAIT;
    let cut = (picture.height() * width / height).min(picture.width());
    let left = (picture.width() - cut) / 2;
    let middle = imageops::crop_imm(picture, left, 0, cut, picture.height()).to_image();
    let sized = imageops::resize(&middle, width, height, FilterType::Lanczos3);
    Ok(Portrait::encode(&sized, Encoding::Jpeg2000, bytes)?)
}
