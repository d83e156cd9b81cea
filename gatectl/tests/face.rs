//! `gatectl face score`, on pictures that cannot be compared: each has its own reason, and never a score.
//!
//! Needs the models (`GATE_MODELS`, as `cargo xtask models` fetches them); elsewhere the test says so and is
//! passed over, unless everything is asked for.

use gate_sim::models::RootModel;
use gate_sim::tools::passed_over;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgb, RgbImage};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/manifest.toml");

/// Fails for every picture: its input never reaches 2.
const NEVER_A_NUMBER: RootModel = RootModel {
    file: "fr_feature.onnx",
    values: 512,
    floor: 2.0,
};

/// A folder of pictures, and a list that holds each of them against the same good one.
struct Album {
    folder: TempDir,
    good: RgbImage,
    models: PathBuf,
    list: String,
    expected: Vec<(String, &'static str)>,
}

impl Album {
    fn new(models: PathBuf) -> Self {
        let good = models.join("faces/macron-2025.jpg");
        let album = Self {
            folder: tempfile::tempdir().expect("a folder"),
            good: image::open(&good).expect("a picture").into_rgb8(),
            models,
            list: String::new(),
            expected: Vec::new(),
        };
        std::fs::copy(good, album.path("good.jpg")).expect("a file");
        album
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn expect(&mut self, name: &str, reason: &'static str) {
        self.list.push_str(&format!("good.jpg,{name}\n"));
        self.expected.push((name.to_owned(), reason));
    }

    fn file(&mut self, name: &str, bytes: &[u8], reason: &'static str) {
        std::fs::write(self.path(name), bytes).expect("a file");
        self.expect(name, reason);
    }

    fn picture(&mut self, name: &str, picture: impl Into<DynamicImage>, reason: &'static str) {
        picture.into().save(self.path(name)).expect("a file");
        self.expect(name, reason);
    }

    /// What the command makes of the list.
    fn score(&self, manifest: &Path, models: &Path) -> Vec<Value> {
        std::fs::write(self.path("pairs.csv"), &self.list).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_gatectl"))
            .args([
                "face",
                "score",
                "--pairs",
                "pairs.csv",
                "--json",
                "out.json",
            ])
            .arg("--manifest")
            .arg(manifest)
            .arg("--models")
            .arg(models)
            .current_dir(self.folder.path())
            .output()
            .expect("the command");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let text = std::fs::read_to_string(self.path("out.json")).expect("a result");
        let result: Value = serde_json::from_str(&text).expect("JSON");
        result["pairs"].as_array().expect("pairs").clone()
    }
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 92)
        .encode_image(picture)
        .expect("a picture");
    bytes
}

/// The picture with a mark that says how to turn it (Exif 2.3, orientation 6: a quarter to the right).
fn marked_as_turned(jpeg: &[u8]) -> Vec<u8> {
    let tag = [
        &b"Exif\0\0II*\0\x08\0\0\0\x01\0"[..],
        &[0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let length = (tag.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &tag, &jpeg[2..]].concat()
}

/// `wide` px of somebody at a place of a larger picture.
fn lay(onto: &mut RgbImage, person: &RgbImage, wide: u32, (x, y): (i64, i64)) {
    let high = person.height() * wide / person.width();
    let small = imageops::resize(person, wide, high, FilterType::Triangle);
    imageops::replace(onto, &small, x, y);
}

#[test]
fn every_picture_that_cannot_be_compared_has_its_own_reason_and_never_a_score() {
    let Some(models) = std::env::var_os("GATE_MODELS").map(PathBuf::from) else {
        return passed_over("GATE_MODELS is not set: cargo xtask test sets it");
    };
    let mut album = Album::new(models);
    let good = album.good.clone();
    let other = image::open(album.models.join("faces/obama.jpg"))
        .expect("a picture")
        .into_rgb8();
    let wall = || RgbImage::from_pixel(1_300, 900, Rgb([90, 110, 130]));

    album.picture("nobody.png", wall(), "no-face");
    let mut two = wall();
    lay(&mut two, &good, 600, (20, 40));
    lay(&mut two, &other, 600, (680, 40));
    album.picture("two.png", two, "several-faces");
    let mut inset = good.clone();
    lay(&mut inset, &other, 200, (515, 660));
    album.picture("inset.png", inset, "several-faces");
    let small = imageops::resize(&good, 60, 75, FilterType::Triangle);
    album.picture("small.png", small, "face-too-small");
    let grey = DynamicImage::ImageRgb8(good.clone()).grayscale();
    album.picture("grey.png", grey.clone(), "grey-picture");
    album.picture("grey in three channels.png", grey.to_rgb8(), "grey-picture");
    let deep = DynamicImage::ImageRgb8(good.clone()).into_rgb16();
    album.picture(
        "16 bits.png",
        DynamicImage::ImageRgb16(deep),
        "more-than-8-bits",
    );
    album.file(
        "marked.jpg",
        &marked_as_turned(&jpeg(&good)),
        "rotated-picture",
    );
    album.picture("turned.png", imageops::rotate90(&good), "rotated-picture");
    let huge = RgbImage::new(5_000, 40);
    album.picture("huge.png", huge, "picture-too-large");
    let whole = jpeg(&good);
    album.file("torn.jpg", &whole[..whole.len() / 2], "broken-picture");
    let middle = whole.len() / 2;
    let gap = [&whole[..middle], &whole[middle + 64..]].concat();
    album.file("bytes that are missing.jpg", &gap, "broken-picture");
    album.file("text.jpg", b"not a picture", "unknown-format");
    album.expect("nowhere.jpg", "unreadable-file");

    let lines = album.score(Path::new(MANIFEST), &album.models);
    assert_eq!(lines.len(), album.expected.len());
    for (line, (name, reason)) in lines.iter().zip(&album.expected) {
        assert_eq!(line["reason"], *reason, "{name}: {line}");
        assert_eq!(line["picture"], "second", "{name}");
        assert!(line["similarity"].is_null(), "{name}: {line}");
    }

    // The same picture and another of the same person score; with a model that gives no number they do not.
    album.list = "good.jpg,good.jpg\n".to_owned();
    let same = album.score(Path::new(MANIFEST), &album.models);
    assert!(
        same[0]["similarity"]
            .as_f64()
            .is_some_and(|value| value > 0.999)
    );
    let models = album.path("models");
    let manifest = NEVER_A_NUMBER
        .replace(Path::new(MANIFEST), &album.models, &models)
        .expect("a folder");
    let none = album.score(&manifest, &models);
    assert_eq!(none[0]["reason"], "model-gave-no-number", "{}", none[0]);
    assert!(none[0]["similarity"].is_null());
}
