//! From pixels to the numbers a model reads.

use std::fmt;
use std::ops::Deref;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use ndarray::{Array4, Axis};

use crate::error::FaceError;
use crate::manifest::Colour;
use crate::picture::wipe;

/// A model's input: shape `[1, 3, height, width]` (batch, channel, row, column), values 0.0 ..= 255.0
/// unless [`Tensor::normalised`] changed them.
///
/// It is zeroed when dropped and never printed.
pub struct Tensor(Array4<f32>);

/// A rectangle of a picture in px, y downwards; fractions allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Left edge; may lie outside the picture.
    pub left: f32,
    /// Upper edge; may lie outside the picture.
    pub top: f32,
    /// Width, above zero.
    pub width: f32,
    /// Height, above zero.
    pub height: f32,
}

impl Tensor {
    /// A black canvas of `width` x `height` px.
    #[must_use]
    pub fn black(width: usize, height: usize) -> Self {
        Self(Array4::zeros((1, 3, height, width)))
    }

    /// Turns a whole picture into a tensor of the same size.
    #[must_use]
    pub fn of(picture: &RgbImage, colour: Colour) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut tensor = Self::black(width, height);
        tensor.paste(picture.as_raw(), width, (0, 0), colour);
        tensor
    }

    /// The same values, each as (value − `mean`) / `scale`.
    #[must_use]
    pub fn normalised(mut self, mean: f32, scale: f32) -> Self {
        self.0.mapv_inplace(|value| (value - mean) / scale);
        self
    }

    /// Scales `region` of `picture` to `width` x `height` px. What lies outside the picture is black.
    ///
    /// Every pixel of the region counts. Four neighbours alone would pass the camera's noise on as it is,
    /// and models take it for detail.
    ///
    /// A point `(x, y)` of the picture comes to lie at `((x - left) * width / region.width, …)`.
    ///
    /// # Errors
    ///
    /// [`FaceError::Region`] if the region does not touch the picture or is no rectangle.
    pub fn view(
        picture: &RgbImage,
        region: Region,
        (width, height): (u32, u32),
        colour: Colour,
    ) -> Result<Self, FaceError> {
        let across = Span::new(region.left, region.width, picture.width(), width)
            .ok_or(FaceError::Region)?;
        let down = Span::new(region.top, region.height, picture.height(), height)
            .ok_or(FaceError::Region)?;
        let mut scaled = vec![0; across.length as usize * down.length as usize * 3];
        // Typed, or the compiler makes the code for every kind of pixel that there is.
        let source: TypedImageRef<'_, U8x3> =
            TypedImageRef::from_buffer(picture.width(), picture.height(), picture.as_raw())
                .map_err(|_| FaceError::Region)?;
        let mut target: TypedImage<'_, U8x3> =
            TypedImage::from_buffer(across.length, down.length, &mut scaled)
                .map_err(|_| FaceError::Region)?;
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(across.from, down.from, across.size, down.size);
        Resizer::new()
            .resize_typed(&source, &mut target, &options)
            .map_err(|_| FaceError::Region)?;
        let mut tensor = Self::black(width as usize, height as usize);
        let corner = (across.start as usize, down.start as usize);
        tensor.paste(&scaled, across.length as usize, corner, colour);
        wipe(&mut scaled);
        Ok(tensor)
    }

    /// The mirror image, left and right exchanged.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut mirrored = Array4::zeros(self.0.dim());
        let mut from_the_right = self.0.view();
        from_the_right.invert_axis(Axis(3));
        mirrored.assign(&from_the_right);
        Self(mirrored)
    }

    /// Copies rows of `width` RGB pixels to `(x, y)`, one plane for each channel.
    fn paste(&mut self, pixels: &[u8], width: usize, (x, y): (usize, usize), colour: Colour) {
        let (_, _, rows, columns) = self.0.dim();
        let planes = self
            .0
            .as_slice_mut()
            .expect("a fresh array lies in one piece");
        let (first, rest) = planes.split_at_mut(rows * columns);
        let (green, last) = rest.split_at_mut(rows * columns);
        let (red, blue) = match colour {
            Colour::Rgb => (first, last),
            Colour::Bgr => (last, first),
        };
        for (row, source) in pixels.chunks_exact(width * 3).enumerate() {
            let from = (y + row) * columns + x;
            let places = from..from + width;
            let targets = red[places.clone()]
                .iter_mut()
                .zip(&mut green[places.clone()])
                .zip(&mut blue[places]);
            for (((red, green), blue), pixel) in targets.zip(source.chunks_exact(3)) {
                *red = f32::from(pixel[0]);
                *green = f32::from(pixel[1]);
                *blue = f32::from(pixel[2]);
            }
        }
    }
}

impl Deref for Tensor {
    type Target = Array4<f32>;

    fn deref(&self) -> &Array4<f32> {
        &self.0
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({:?}, …)", self.0.shape())
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        if let Some(values) = self.0.as_slice_mut() {
            wipe(values);
        }
    }
}

/// One axis of a view: which whole target pixels it fills, and from where.
struct Span {
    /// First target pixel.
    start: u32,
    /// How many target pixels.
    length: u32,
    /// Where the first one begins in the source.
    from: f64,
    /// How much of the source they cover.
    size: f64,
}

impl Span {
    /// Target pixels are chosen first and the source is computed from them, so that the scale is the
    /// same inside and at the edge and landmarks map back exactly.
    fn new(left: f32, size: f32, picture: u32, target: u32) -> Option<Self> {
        let (left, size) = (f64::from(left), f64::from(size));
        if !(left.is_finite() && size.is_finite() && size > 0.0) {
            return None;
        }
        let pitch = size / f64::from(target);
        let start = ((0.0_f64.max(left) - left) / pitch).ceil();
        let end = ((f64::from(picture).min(left + size) - left) / pitch + 1e-6).floor();
        if !(start < end && end <= f64::from(target)) {
            return None;
        }
        let from = (left + start * pitch).max(0.0);
        let size = ((end - start) * pitch).min(f64::from(picture) - from);
        // Both are whole numbers between 0 and `target`.
        Some(Self {
            start: start as u32,
            length: (end - start) as u32,
            from,
            size,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Red tells the column, green the row.
    fn chequered(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 200]))
    }

    fn whole(side: f32) -> Region {
        Region {
            left: 0.0,
            top: 0.0,
            width: side,
            height: side,
        }
    }

    #[test]
    fn channels_lie_in_the_order_asked_for() {
        let picture = chequered(4, 2);
        let rgb = Tensor::of(&picture, Colour::Rgb);
        let bgr = Tensor::of(&picture, Colour::Bgr);
        assert_eq!(rgb.shape(), [1, 3, 2, 4]);
        for (channel, expected) in [3.0, 1.0, 200.0].into_iter().enumerate() {
            assert_eq!(rgb[[0, channel, 1, 3]], expected);
            assert_eq!(bgr[[0, 2 - channel, 1, 3]], expected);
        }
    }

    #[test]
    fn a_mirror_image_exchanges_columns_and_normalising_changes_every_value() {
        let tensor = Tensor::of(&chequered(4, 2), Colour::Rgb);
        let mirrored = tensor.mirrored().normalised(1.0, 2.0);
        assert_eq!(mirrored.shape(), tensor.shape());
        assert_eq!(mirrored[[0, 0, 1, 0]], (tensor[[0, 0, 1, 3]] - 1.0) / 2.0);
        assert!(mirrored.as_slice().is_some(), "the runtime needs one piece");
    }

    #[test]
    fn what_lies_outside_the_picture_is_black() {
        let picture = RgbImage::from_pixel(40, 20, Rgb([9, 9, 9]));
        let region = Region {
            left: -20.0,
            top: -10.0,
            width: 80.0,
            height: 40.0,
        };
        let tensor = Tensor::view(&picture, region, (80, 40), Colour::Rgb).unwrap();
        let lit = tensor.iter().filter(|value| **value == 9.0).count();
        assert_eq!(lit, 3 * 40 * 20);
        assert_eq!(tensor[[0, 0, 9, 20]], 0.0);
        assert_eq!(tensor[[0, 0, 10, 20]], 9.0);
        assert_eq!(tensor[[0, 0, 29, 59]], 9.0);
        assert_eq!(tensor[[0, 0, 29, 60]], 0.0);
    }

    #[test]
    fn a_letterbox_keeps_proportions_and_pads_to_the_right_and_below() {
        let tensor =
            Tensor::view(&chequered(100, 50), whole(100.0), (50, 50), Colour::Rgb).unwrap();
        assert!((tensor[[0, 0, 10, 20]] - 40.5).abs() <= 1.0);
        assert!((tensor[[0, 1, 10, 20]] - 20.5).abs() <= 1.0);
        assert_eq!(tensor[[0, 2, 24, 0]], 200.0);
        assert_eq!(tensor[[0, 2, 25, 0]], 0.0);
    }

    #[test]
    fn a_region_that_is_none_is_refused() {
        let picture = chequered(10, 10);
        let regions = [
            Region {
                left: 10.0,
                ..whole(5.0)
            },
            Region {
                left: -5.0,
                ..whole(5.0)
            },
            Region {
                left: f32::NAN,
                ..whole(5.0)
            },
            Region {
                width: f32::INFINITY,
                ..whole(5.0)
            },
            whole(0.0),
            whole(-3.0),
        ];
        for region in regions {
            let found = Tensor::view(&picture, region, (8, 8), Colour::Rgb);
            assert!(matches!(found, Err(FaceError::Region)), "{region:?}");
        }
        let empty = RgbImage::new(0, 0);
        assert!(Tensor::view(&empty, whole(5.0), (8, 8), Colour::Rgb).is_err());
    }
}
