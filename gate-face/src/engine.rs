//! The models, run by ONNX Runtime.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use image::RgbImage;
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use crate::detect::{Answer, Face};
use crate::embed::Template;
use crate::error::{FaceError, FrameResult, Sample};
use crate::manifest::Role;
use crate::models::{ModelSet, ModelsError};
use crate::picture::Picture;
use crate::quality::Quality;
use crate::tensor::{Region, Tensor};
use crate::{align, attack, detect, embed};

/// YuNet's output tensors, by kind and stride.
const DETECTOR_OUTPUTS: [[&str; 3]; 4] = [
    ["cls_8", "cls_16", "cls_32"],
    ["obj_8", "obj_16", "obj_32"],
    ["bbox_8", "bbox_16", "bbox_32"],
    ["kps_8", "kps_16", "kps_32"],
];

/// Three loaded models. One for the whole process: share it behind an `Arc`.
///
/// Each model runs on the calling thread alone, one call at a time; portrait and camera frame may be
/// examined side by side from two threads. Calls take some tens of milliseconds: not for async threads.
/// The runtime's own work memory keeps traces of the last input; it ends with the process.
#[derive(Debug)]
pub struct FaceEngine {
    detector: Model,
    embedder: Model,
    attack: Model,
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
            embedder: load(Role::Embedder, align::SIDE)?,
            attack: load(Role::Attack, attack::SIDE)?,
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
        let crop = align::align(frame, &face.landmarks)?;
        let quality = Quality::of(&face, &crop, frame.height());
        quality.check().map_err(FaceError::Poor)?;
        let bona_fide = self.bona_fide(frame, &face)?;
        let template = self.embed(&crop)?;
        Ok(Sample {
            face,
            quality,
            bona_fide,
            template,
        })
    }

    /// The template of a document's portrait. The issuer took the photograph with care, so only what
    /// makes a comparison meaningless is refused; its print-like texture is no attack.
    ///
    /// # Errors
    ///
    /// [`FaceError::NoFace`], [`FaceError::SeveralFaces`], or a fault of a model.
    pub fn portrait(&self, portrait: &RgbImage) -> Result<Template, FaceError> {
        let face = self.find(portrait)?;
        self.embed(&align::align(portrait, &face.landmarks)?)
    }

    /// The traveller's face with exact landmarks: once in the whole picture, once enlarged.
    ///
    /// # Errors
    ///
    /// [`FaceError::NoFace`], [`FaceError::SeveralFaces`], or a fault of the model.
    pub fn find(&self, picture: &RgbImage) -> Result<Face, FaceError> {
        let face = detect::traveller(&self.detect(detect::whole(picture)?)?)?;
        let close = self.detect(detect::close_up(picture, &face)?)?;
        Ok(detect::refined(face, &close))
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

    /// The template of an aligned face of 112 x 112 px.
    ///
    /// # Errors
    ///
    /// [`FaceError::CropSize`], or a fault of the model.
    pub fn embed(&self, crop: &Picture) -> Result<Template, FaceError> {
        let tensor = embed::to_tensor(crop)?;
        self.embedder.run(&tensor, |outputs| {
            embed::template(values(outputs, Role::Embedder, "fc1")?)
        })
    }

    fn detect(&self, (region, tensor): (Region, Tensor)) -> Result<Vec<Face>, FaceError> {
        self.detector.run(&tensor, |outputs| {
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

/// The runtime allows one environment for each process. It stays, so that an engine can be loaded again
/// after its files were put right.
fn environment(library: &Path) -> Result<Environment, LoadError> {
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
