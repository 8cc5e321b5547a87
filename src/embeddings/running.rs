//! The layers of a sentence encoder, as the library rten runs them.

use std::sync::{Arc, LazyLock};

use rten::{Model, ModelOptions, RunOptions, ThreadPool, op_registry};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::{DIMENSIONS, Vector};

/// Numbers that a token is in either encoder.
pub(super) const WIDTH: usize = 384;

/// Who waits for what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// A visitor does.
    Asking,
    /// Nobody; a thread of low priority reads.
    Reading,
}

static ASKING: LazyLock<Arc<ThreadPool>> = LazyLock::new(|| Arc::new(ThreadPool::with_num_threads(1)));
static READING: LazyLock<Arc<ThreadPool>> = LazyLock::new(|| Arc::new(background()));

/// A thread of low priority.
fn background() -> ThreadPool {
    let pool = ThreadPool::with_num_threads(1);
    #[cfg(target_os = "linux")]
    pool.run(|| {
        // On Linux this is the thread's own; where it is not allowed, it runs like any other.
        let _ = rustix::process::setpriority_process(None, 10);
    });
    pool
}

pub(super) struct Layers(Model);

impl Layers {
    /// `None` where the model cannot be run; then the tables must do.
    pub fn load(bytes: &'static [u8]) -> Option<Self> {
        let operators = op_registry!(
            Add,
            Cast,
            Div,
            DynamicQuantizeLinear,
            Gelu,
            Gemm,
            LayerNormalization,
            MatMul,
            MatMulInteger,
            Mul,
            ReduceL2,
            ReduceMean,
            Reshape,
            Softmax,
            Transpose
        );
        let mut options = ModelOptions::with_ops(operators);
        options.prepack_weights(true);
        match options.load_static_slice(bytes) {
            Ok(model) => Some(Self(model)),
            Err(error) => {
                tracing::error!(%error, "a sentence encoder cannot be loaded; passages are ranked without it");
                None
            }
        }
    }

    /// What tokens mean together, each so many numbers.
    pub fn run(&self, embedded: Vec<f32>, pace: Pace) -> Option<Vector> {
        let on = match pace {
            Pace::Asking => &*ASKING,
            Pace::Reading => &*READING,
        };
        let embedded = NdTensor::from_data([1, embedded.len() / WIDTH, WIDTH], embedded);
        let options = RunOptions::default().with_thread_pool(Some(on.clone()));
        let meant = self.0.run_one(embedded.view().into(), Some(options));
        let meant: Result<NdTensor<f32, 2>, _> = match meant {
            Ok(value) => value.try_into(),
            Err(error) => {
                tracing::error!(%error, "a sentence encoder cannot read a text; it is ranked without it");
                return None;
            }
        };
        let meant: [f32; DIMENSIONS] = meant.ok()?.to_vec().try_into().ok()?;
        let vector = Vector::quantised(&meant);
        (!vector.is_zero()).then_some(vector)
    }
}
