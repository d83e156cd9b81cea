//! The models, run by ONNX Runtime.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use image::{RgbImage, imageops};
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use crate::centre::Centre;
use crate::detect::{Answer, Face};
use crate::embed::{Part, Template};
use crate::error::{FaceError, FrameResult, Sample};
use crate::manifest::Role;
use crate::models::{ModelSet, ModelsError};
use crate::picture::{Picture, is_grey};
use crate::quality::Quality;
use crate::tensor::{Region, Tensor};
use crate::{align, attack, detect, embed, quality, whose};

/// YuNet's output tensors, by kind and stride.
const DETECTOR_OUTPUTS: [[&str; 3]; 4] = [
    ["cls_8", "cls_16", "cls_32"],
    ["obj_8", "obj_16", "obj_32"],
    ["bbox_8", "bbox_16", "bbox_32"],
    ["kps_8", "kps_16", "kps_32"],
];

/// The embedders' output tensors.
const EMBEDDER_OUTPUTS: [&str; 2] = ["fc1", "output"];

/// A photograph is turned if its best face scores this much higher when it is turned: of 2 005 upright ones
/// every face scored at least 0.019 higher as it was.
const TURNED: f32 = 0.015;

/// A photograph in which nobody is found at first sight is looked at in parts of its longer side again.
const PARTS: [u32; 2] = [2, 4];

/// The loaded models. One for the whole process: share it behind an `Arc`.
///
/// A picture is examined by two threads: the calling one and a second one that embeds the mirror image.
/// Each session runs on one of them alone, one call at a time; portrait and camera frame may be
/// examined side by side. Calls take some tens of milliseconds: not for async threads.
/// The runtime's own work memory keeps traces of the last input; it ends with the process.
#[derive(Debug)]
pub struct FaceEngine {
    detector: Model,
    /// For the face, and for its mirror image.
    embedders: [Embedders; 2],
    attack: Model,
    /// What is taken away from every template.
    centre: Centre,
    /// Least score of a face.
    face_threshold: f32,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file is missing or not the one the manifest means.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// The library is there but cannot be used: wrong processor, glibc older than 2.28.
    #[error("ONNX Runtime cannot be loaded")]
    Runtime(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file has the right hash, but the runtime does not take it.
    #[error("{role:?} model cannot be loaded")]
    Model {
        /// The model in question.
        role: Role,
        /// What the runtime says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl FaceEngine {
    /// Verifies and loads the runtime and the models; runs each once, so that the first traveller
    /// does not wait for memory to be laid out.
    ///
    /// # Errors
    ///
    /// [`LoadError`] names the file or the model.
    pub fn load(models: &ModelSet) -> Result<Self, LoadError> {
        let environment = environment(&models.runtime()?)?;
        let load = |role, side| Model::load(&environment, models, role, side);
        Ok(Self {
            detector: load(Role::Detector, detect::SIDE)?,
            embedders: [Embedders::load(load)?, Embedders::load(load)?],
            attack: load(Role::Attack, attack::SIDE)?,
            centre: models.model(Role::Embedder).centre.clone(),
            face_threshold: models.model(Role::Detector).threshold.value,
        })
    }

    /// Everything about one camera frame. Expensive steps come last and only for good frames.
    ///
    /// # Errors
    ///
    /// [`FaceError`] says why there is no score; [`FaceError::hint`] what the traveller can do.
    pub fn examine(&self, frame: &RgbImage) -> FrameResult {
        let face = self.find(frame)?;
        in_colour(frame)?;
        let crop = align::align(frame, &face.landmarks)?;
        let quality = Quality::of(&face, &crop, frame.height());
        quality.check().map_err(FaceError::Poor)?;
        let (bona_fide, template) = self.embed_beside(&crop, || self.bona_fide(frame, &face))?;
        Ok(Sample {
            face,
            quality,
            bona_fide,
            template,
            relief: None,
        })
    }

    /// The template of a document's portrait, or of any photograph, with its quality. The issuer took
    /// it with care, so only what makes a comparison meaningless is refused; its print-like texture is
    /// no attack.
    ///
    /// # Errors
    ///
    /// [`FaceError::NoFace`], [`FaceError::SeveralFaces`], [`FaceError::Rotated`],
    /// [`FaceError::Grey`], a face that is too small ([`quality::HEIGHT_LEAST`]), or a fault of a model.
    pub fn photograph(&self, picture: &RgbImage) -> Result<(Quality, Template), FaceError> {
        // No face in it can be large enough.
        if (picture.width().min(picture.height()) as f32) < quality::HEIGHT_LEAST {
            return Err(FaceError::Poor(quality::Flaw::TooFar));
        }
        let face = self.subject(picture)?;
        in_colour(picture)?;
        if face.place.height < quality::HEIGHT_LEAST {
            return Err(FaceError::Poor(quality::Flaw::TooFar));
        }
        let crop = align::align(picture, &face.landmarks)?;
        let quality = Quality::of(&face, &crop, picture.height());
        Ok((quality, self.embed(&crop)?))
    }

    /// As [`FaceEngine::photograph`], the template alone.
    ///
    /// # Errors
    ///
    /// As [`FaceEngine::photograph`].
    pub fn portrait(&self, portrait: &RgbImage) -> Result<Template, FaceError> {
        Ok(self.photograph(portrait)?.1)
    }

    /// The traveller's face with exact landmarks: once in the whole frame, then enlarged, and
    /// enlarged and mirrored.
    ///
    /// # Errors
    ///
    /// [`FaceError::NoFace`], [`FaceError::SeveralFaces`], [`FaceError::Rotated`], or a fault of the
    /// model.
    pub fn find(&self, frame: &RgbImage) -> Result<Face, FaceError> {
        let face = whose::traveller(&self.faces(frame)?)?;
        self.closer(frame, face, &detect::FRAME_WIDTHS)
    }

    /// All faces in a picture, best first, with landmarks as they were found at first sight.
    ///
    /// # Errors
    ///
    /// [`FaceError::Region`] for a picture without pixels, or a fault of the model.
    pub fn faces(&self, picture: &RgbImage) -> Result<Vec<Face>, FaceError> {
        let (region, tensor) = detect::whole(picture)?;
        self.detect(region, &tensor)
    }

    /// Looks again at each of these widths, straight and mirrored; landmarks are the mean.
    fn closer(&self, picture: &RgbImage, face: Face, widths: &[f32]) -> Result<Face, FaceError> {
        let look = |width: &f32| {
            let (region, tensor) = detect::close_up(picture, &face, *width)?;
            let straight = detect::refined(face, &self.detect(region, &tensor)?);
            let mirrored = self.detect(region, &tensor.mirrored())?;
            Ok(detect::steadied(straight, &mirrored, region))
        };
        let looks: Vec<Face> = widths.iter().map(look).collect::<Result<_, FaceError>>()?;
        detect::upright(detect::mean(face, &looks))
    }

    /// The subject of a photograph, upright. The detector finds faces that lie or stand on their head too,
    /// and places upright landmarks in them: what scores better when turned is rotated.
    ///
    /// # Errors
    ///
    /// As [`FaceEngine::photograph`].
    pub fn subject(&self, picture: &RgbImage) -> Result<Face, FaceError> {
        let mut faces = self.faces(picture)?;
        let best = |faces: &[Face]| faces.first().map_or(0.0, |face| face.score);
        let turns = [imageops::rotate90, imageops::rotate180, imageops::rotate270];
        for turn in turns {
            if best(&self.faces(&Picture::new(turn(picture)))?) > best(&faces) + TURNED {
                return Err(FaceError::Rotated);
            }
        }
        for part in PARTS {
            if faces.is_empty() && picture.width().max(picture.height()) >= part * detect::SIDE {
                faces = self.faces_in_parts(picture, part)?;
            }
        }
        let face = whose::subject(&faces, picture.dimensions())?;
        self.closer(picture, face, &detect::PORTRAIT_WIDTHS)
    }

    /// Faces that are too small for the first look, which sees 320 px.
    fn faces_in_parts(&self, picture: &RgbImage, part: u32) -> Result<Vec<Face>, FaceError> {
        let mut faces = Vec::new();
        for tile in detect::tiles(picture.dimensions(), part) {
            let (region, tensor) = detect::look(picture, tile)?;
            faces.extend(self.detect(region, &tensor)?);
        }
        Ok(detect::strongest(faces))
    }

    /// The attack cue for a face in a frame.
    ///
    /// # Errors
    ///
    /// A fault of the model.
    pub fn bona_fide(&self, frame: &RgbImage, face: &Face) -> Result<attack::BonaFide, FaceError> {
        let tensor = attack::to_tensor(frame, face)?;
        self.attack.run(&tensor, |outputs| {
            attack::bona_fide(values(outputs, Role::Attack, "output")?)
        })
    }

    /// Runs every model once, on a grey picture: whether they answer with numbers at all.
    ///
    /// # Errors
    ///
    /// A fault of a model.
    pub fn probe(&self) -> Result<(), FaceError> {
        let picture = RgbImage::from_pixel(align::SIDE, align::SIDE, image::Rgb([128; 3]));
        self.faces(&picture)?;
        let side = align::SIDE as f32;
        let face = Face {
            place: Region {
                left: side / 4.0,
                top: side / 4.0,
                width: side / 2.0,
                height: side / 2.0,
            },
            landmarks: align::REFERENCE,
            score: 1.0,
        };
        self.bona_fide(&picture, &face)?;
        self.embed(&Picture::new(picture)).map(drop)
    }

    /// The template of an aligned face of 112 x 112 px.
    ///
    /// # Errors
    ///
    /// [`FaceError::CropSize`], or a fault of a model.
    pub fn embed(&self, crop: &Picture) -> Result<Template, FaceError> {
        Ok(self.embed_beside(crop, || Ok(()))?.1)
    }

    /// Embeds a face while a second thread embeds its mirror image; `before` is done first by the one
    /// that has nothing to mirror.
    fn embed_beside<T>(
        &self,
        crop: &Picture,
        before: impl FnOnce() -> Result<T, FaceError>,
    ) -> Result<(T, Template), FaceError> {
        let [straight, turned] = &self.embedders;
        thread::scope(|scope| {
            let mirrored = scope.spawn(|| {
                let crop = Picture::new(imageops::flip_horizontal(&**crop));
                turned.embed(&crop)
            });
            let result = before().and_then(|result| Ok((result, straight.embed(crop)?)));
            // A panic over there is a panic here, as if there were one thread.
            let mirrored = mirrored
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            let (result, face) = result?;
            let template = Template::join(&[face, mirrored])?.centred(&self.centre)?;
            Ok((result, template))
        })
    }

    fn detect(&self, region: Region, tensor: &Tensor) -> Result<Vec<Face>, FaceError> {
        self.detector.run(tensor, |outputs| {
            let mut kinds = [[&[][..]; 3]; 4];
            for (kind, names) in kinds.iter_mut().zip(DETECTOR_OUTPUTS) {
                for (level, name) in kind.iter_mut().zip(names) {
                    *level = values(outputs, Role::Detector, name)?;
                }
            }
            let [class, object, place, landmarks] = kinds;
            detect::faces(
                &Answer {
                    class,
                    object,
                    place,
                    landmarks,
                },
                region,
                self.face_threshold,
            )
        })
    }
}

/// Refuses what shows a face without any colour. Whoever shows none has that reason: an unlit lane is grey too.
fn in_colour(picture: &RgbImage) -> Result<(), FaceError> {
    match is_grey(picture) {
        true => Err(FaceError::Grey),
        false => Ok(()),
    }
}

/// Both embedders, for one thread.
#[derive(Debug)]
struct Embedders([Model; 2]);

impl Embedders {
    fn load(load: impl Fn(Role, u32) -> Result<Model, LoadError>) -> Result<Self, LoadError> {
        let [first, second] = embed::ROLES;
        Ok(Self([
            load(first, align::SIDE)?,
            load(second, align::SIDE)?,
        ]))
    }

    fn embed(&self, crop: &Picture) -> Result<[Part; 2], FaceError> {
        let part = |which: usize| {
            let tensor = embed::to_tensor(which, crop)?;
            self.0[which].run(&tensor, |outputs| {
                let output = EMBEDDER_OUTPUTS[which];
                Part::read(which, output, values(outputs, embed::ROLES[which], output)?)
            })
        };
        Ok([part(0)?, part(1)?])
    }
}

/// One session and its purpose.
#[derive(Debug)]
struct Model {
    role: Role,
    /// The runtime's work memory belongs to one call at a time.
    session: Mutex<Session>,
}

impl Model {
    /// Loads the verified bytes, not the path: nobody can change the file in between.
    fn load(
        environment: &Environment,
        models: &ModelSet,
        role: Role,
        side: u32,
    ) -> Result<Self, LoadError> {
        let bytes = models.read(role)?;
        let failed = |source: ort::Error| LoadError::Model {
            role,
            source: source.into(),
        };
        let session = session(environment, &bytes, side).map_err(failed)?;
        let model = Self {
            role,
            session: Mutex::new(session),
        };
        let black = Tensor::black(side as usize, side as usize);
        model
            .run(&black, |_| Ok(()))
            .map_err(|source| LoadError::Model {
                role,
                source: source.into(),
            })?;
        Ok(model)
    }

    fn run<T>(
        &self,
        tensor: &Tensor,
        read: impl FnOnce(&ort::session::SessionOutputs<'_>) -> Result<T, FaceError>,
    ) -> Result<T, FaceError> {
        let failed = |source: ort::Error| FaceError::Runtime {
            model: self.role,
            source: source.into(),
        };
        // A session is no less usable after a caller's panic: it is handed over whole.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let input = TensorRef::from_array_view(tensor.view()).map_err(failed)?;
        let outputs = session.run(ort::inputs![input]).map_err(failed)?;
        read(&outputs)
    }
}

/// The runtime allows one environment for each process, whatever runs in it. It stays, so that an engine can
/// be loaded again after its files were put right; the `library` of the first call counts.
///
/// # Errors
///
/// [`LoadError::Runtime`].
pub fn environment(library: &Path) -> Result<Environment, LoadError> {
    static RUNTIME: Mutex<Option<Environment>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*runtime {
        return Ok(environment.clone());
    }
    let environment = ort::init_from(library)
        .map_err(|source| LoadError::Runtime(source.into()))?
        .with_name("gate")
        .with_telemetry(false)
        .build()
        .map_err(|source| LoadError::Runtime(source.into()))?;
    Ok(runtime.insert(environment).clone())
}

/// One thread for each model: with other work on the machine two were slower than one.
fn session(environment: &Environment, bytes: &[u8], side: u32) -> Result<Session, ort::Error> {
    Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_optimization_level(GraphOptimizationLevel::Level3)?
        .with_dimension_override("height", i64::from(side))?
        .with_dimension_override("width", i64::from(side))?
        .commit_from_memory(bytes)
}

fn values<'a>(
    outputs: &'a ort::session::SessionOutputs<'_>,
    model: Role,
    output: &'static str,
) -> Result<&'a [f32], FaceError> {
    let missing = FaceError::Shape {
        model,
        output,
        expected: 1,
        found: 0,
    };
    let value = outputs.get(output).ok_or(missing)?;
    let (_, values) = value
        .try_extract_tensor::<f32>()
        .map_err(|source| FaceError::Runtime {
            model,
            source: source.into(),
        })?;
    Ok(values)
}
