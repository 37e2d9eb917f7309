//! Gradient descent with a step of its own for each weight: Adam (Kingma and Ba 2015).

/// The decay rates of the running means, the second one shorter than usual since every step sees every text.
const DECAY: (f64, f64) = (0.9, 0.99);

/// Adam's running means.
pub struct Descent {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Descent {
    pub fn new(size: usize) -> Descent {
        Descent { first: vec![0.0; size], second: vec![0.0; size] }
    }

    /// How far each value moves in this step, counted from 1.
    pub fn moves(&mut self, gradient: &[f64], step: i32, size: f64) -> Vec<f64> {
        let (one, two) = DECAY;
        let moments = self.first.iter_mut().zip(self.second.iter_mut()).zip(gradient);
        let step_of = |((first, second), slope): ((&mut f64, &mut f64), &f64)| {
            *first = one * *first + (1.0 - one) * slope;
            *second = two * *second + (1.0 - two) * slope * slope;
            let (first, second) = (*first / (1.0 - one.powi(step)), *second / (1.0 - two.powi(step)));
            size * first / (second.sqrt() + 1e-9)
        };
        moments.map(step_of).collect()
    }
}

/// Adam's running means for attribute weights, which never fall below nought.
#[derive(Debug, Clone)]
pub struct AttributeDescent {
    first: Vec<f32>,
    second: Vec<f32>,
    step_size: f32,
    most: f32,
}

impl AttributeDescent {
    /// For `size` weights, none of which may become more than `most`.
    pub fn new(size: usize, step_size: f32, most: f32) -> AttributeDescent {
        AttributeDescent { first: vec![0.0; size], second: vec![0.0; size], step_size, most }
    }

    /// Moves each weight down its slope, in this step, counted from 1. A weight whose slope is nought stays.
    pub fn step(&mut self, weights: &mut [f32], slopes: &[f32], step: i32) {
        let (of_first, of_second) = (1.0 - 0.9f32.powi(step), 1.0 - 0.99f32.powi(step));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((weight, &slope), (first, second)) in weights.iter_mut().zip(slopes).zip(moments) {
            if slope == 0.0 {
                continue;
            }
            *first = 0.9 * *first + 0.1 * slope;
            *second = 0.99 * *second + 0.01 * slope * slope;
            let step = self.step_size * (*first / of_first) / ((*second / of_second).sqrt() + 1e-3);
            *weight = (*weight - step).clamp(0.0, self.most);
        }
    }
}
