//! The report's figures, each an SVG of its own, drawn with plotters.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the figure {figure:?}: {message}")]
pub struct FigureError {
    figure: &'static str,
    message: String,
}

const INK: RGBColor = RGBColor(40, 44, 52);
const FAINT: RGBColor = RGBColor(225, 228, 232);
const BLUE: RGBColor = RGBColor(44, 101, 170);

/// Colours that people who see fewer of them still tell apart (Okabe and Ito, 2008).
const SERIES: [RGBColor; 6] = [
    BLUE,
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

const FONT: &str = "sans-serif";

/// A line of a figure: its name and its points.
pub struct Line {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// What a line figure says of its axes.
pub struct Axes {
    pub x: &'static str,
    pub y: &'static str,
    pub x_range: (f64, f64),
    pub y_range: (f64, f64),
}

type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;

fn draw(
    figure: &'static str,
    size: (u32, u32),
    paint: impl for<'a> FnOnce(&'a Area) -> Result<(), Box<dyn std::error::Error + 'a>>,
) -> Result<String, FigureError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let painted = area.fill(&WHITE).map_err(Into::into).and_then(|()| paint(&area));
        painted
            .and_then(|()| area.present().map_err(Into::into))
            .map_err(|error| FigureError { figure, message: error.to_string() })?;
    }
    Ok(scalable(svg, size))
}

/// Lets a page scale the figure to the room that it has.
fn scalable(svg: String, (width, height): (u32, u32)) -> String {
    svg.replacen(&format!("width=\"{width}\" height=\"{height}\""), "role=\"img\"", 1)
}

/// Text centred on its height, and where `horizontal` says on its width.
fn text(size: i32, horizontal: HPos, color: &'static RGBColor) -> TextStyle<'static> {
    TextStyle::from((FONT, size).into_font()).color(color).pos(Pos::new(horizontal, VPos::Center))
}

type Chart<'a, 's> = ChartContext<'a, SVGBackend<'s>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Axes and a grid, ready for what is to be drawn on them.
fn chart<'a, 's>(area: &'a Area<'s>, axes: &Axes) -> Result<Chart<'a, 's>, Box<dyn std::error::Error + 'a>> {
    let (x, y) = (&axes.x_range, &axes.y_range);
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .margin_right(24)
        .x_label_area_size(48)
        .y_label_area_size(58)
        .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
    // Whole numbers where the axis counts something, hundredths where it is a share.
    let places = if x.1 > 2.0 { 0 } else { 2 };
    chart
        .configure_mesh()
        .x_desc(axes.x)
        .y_desc(axes.y)
        .axis_style(INK)
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .label_style((FONT, 14, &INK))
        .axis_desc_style((FONT, 15, &INK))
        .x_label_formatter(&|x| format!("{x:.places$}"))
        .y_label_formatter(&|y| format!("{y:.2}"))
        .draw()?;
    Ok(chart)
}

/// Lines over shared axes, with a legend where there are several.
pub fn lines(axes: &Axes, lines: &[Line]) -> Result<String, FigureError> {
    draw("lines", (440, 380), |area| {
        let mut chart = chart(area, axes)?;
        for (line, &color) in lines.iter().zip(SERIES.iter().cycle()) {
            let series = LineSeries::new(line.points.iter().copied(), color.stroke_width(2)).point_size(2);
            chart
                .draw_series(series)?
                .label(line.name.as_str())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(3)));
        }
        if lines.len() > 1 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::LowerLeft)
                .background_style(WHITE.mix(0.85))
                .border_style(FAINT)
                .label_font((FONT, 13, &INK))
                .draw()?;
        }
        Ok(())
    })
}

/// One bin of a reliability diagram.
pub struct Bin {
    /// The mean confidence of the bin's headlines.
    pub confidence: f64,
    /// The share of them that was right.
    pub accuracy: f64,
    pub count: usize,
}

/// How often labels of a given confidence are right: on the diagonal they are as sure as they should be. A
/// point's area grows with the number of its headlines.
pub fn reliability(bins: &[Bin]) -> Result<String, FigureError> {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1) as f64;
    draw("reliability", (440, 380), |area| {
        let share = (0.0, 1.0);
        let axes = Axes { x: "confidence", y: "share that is right", x_range: share, y_range: share };
        let mut chart = chart(area, &axes)?;
        chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], INK.mix(0.4)))?;
        let filled = || bins.iter().filter(|bin| bin.count > 0);
        let points = filled().map(|bin| (bin.confidence, bin.accuracy));
        chart.draw_series(LineSeries::new(points, BLUE.stroke_width(2)))?;
        chart.draw_series(filled().map(|bin| {
            let radius = 2.0 + 8.0 * (bin.count as f64 / most).sqrt();
            Circle::new((bin.confidence, bin.accuracy), radius as i32, BLUE.mix(0.6).filled())
        }))?;
        Ok(())
    })
}

/// Rows are the true labels, columns the model's; a cell's shade is its share of the row.
pub fn confusion(labels: &[&str], counts: &[Vec<usize>]) -> Result<String, FigureError> {
    const CELL: i32 = 84;
    const LEFT: i32 = 120;
    const TOP: i32 = 64;
    let across = CELL * labels.len() as i32;
    let size = ((LEFT + across + 16) as u32, (TOP + across + 16) as u32);
    draw("confusion", size, |area| {
        let middle = |from: i32, number: usize| from + CELL * number as i32 + CELL / 2;
        area.draw_text("labelled as", &text(13, HPos::Center, &INK), (LEFT + across / 2, 16))?;
        for (number, label) in labels.iter().enumerate() {
            area.draw_text(label, &text(14, HPos::Center, &INK), (middle(LEFT, number), TOP - 20))?;
            area.draw_text(label, &text(14, HPos::Right, &INK), (LEFT - 12, middle(TOP, number)))?;
        }
        for (row, row_counts) in counts.iter().enumerate() {
            let total = row_counts.iter().sum::<usize>().max(1) as f64;
            for (column, &count) in row_counts.iter().enumerate() {
                let share = count as f64 / total;
                let (x, y) = (LEFT + CELL * column as i32, TOP + CELL * row as i32);
                let color = if row == column { BLUE } else { RGBColor(213, 94, 0) };
                let cell = [(x + 1, y + 1), (x + CELL - 1, y + CELL - 1)];
                area.draw(&Rectangle::new(cell, color.mix(0.06 + 0.94 * share).filled()))?;
                let ink = if share > 0.5 { &WHITE } else { &INK };
                let place = (middle(LEFT, column), middle(TOP, row));
                area.draw_text(&count.to_string(), &text(17, HPos::Center, ink), (place.0, place.1 - 9))?;
                let share = format!("{:.0} %", share * 100.0);
                area.draw_text(&share, &text(12, HPos::Center, ink), (place.0, place.1 + 13))?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_whole_svg_and_show_their_figures() {
        let drawn = confusion(&["sport", "other"], &[vec![90, 10], vec![25, 75]]).expect("it can be drawn");
        for shown in ["<svg", "sport", "90 %", "25", "</svg>"] {
            assert!(drawn.contains(shown), "{shown} is missing in {drawn}");
        }
        let axes = Axes { x: "threshold", y: "share", x_range: (0.0, 1.0), y_range: (0.5, 1.0) };
        let line = |name: &str| Line { name: name.into(), points: vec![(0.0, 0.8), (0.9, 0.95)] };
        let drawn = lines(&axes, &[line("precision"), line("coverage")]).expect("it can be drawn");
        for shown in ["threshold", "precision", "coverage", "polyline", "</svg>"] {
            assert!(drawn.contains(shown), "{shown} is missing in {drawn}");
        }
        let bins = [
            Bin { confidence: 0.75, accuracy: 0.7, count: 12 },
            Bin { confidence: 0.9, accuracy: 0.9, count: 0 },
        ];
        let drawn = reliability(&bins).expect("it can be drawn");
        assert_eq!(drawn.matches("<circle").count(), 1, "an empty bin has no point");
    }

    #[test]
    fn nothing_to_draw_is_no_error() {
        assert!(confusion(&[], &[]).is_ok());
        assert!(reliability(&[]).is_ok());
    }
}
