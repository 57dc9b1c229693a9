//! The values at one moment, and their two forms: Prometheus' text and JSON.

use prometheus::proto::{self, LabelPair, MetricFamily, MetricType};
use prometheus::{Encoder, TextEncoder};
use serde_json::{Map, Value, json};
use tightwire_proto::contract::Contract;

use super::label::{Label, OTHER, Per};
use super::value::{BOUNDS_US, Counter, Distribution, Gauge, Histogram};
use super::{PREFIX, Row};

/// All values at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot(pub(super) Vec<Family>);

/// Something in the table.
pub(super) trait Measure {
    /// `counter`, `gauge` or `histogram`.
    const KIND: &'static str;
    /// The name of its label, if it has one.
    const LABEL: Option<&'static str> = None;

    fn new(contract: &'static Contract) -> Self;

    /// Its values now.
    fn samples(&self) -> Vec<Sample>;
}

/// A row of the table with its values.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) row: Row,
    pub(super) samples: Vec<Sample>,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// The value of the label, if there is one.
    label: Option<String>,
    value: Reading,
}

#[derive(Clone, Debug)]
enum Reading {
    Counter(u64),
    Gauge(u64),
    Histogram(Distribution),
}

/// A number without a label.
trait Scalar: Default {
    const KIND: &'static str;

    fn read(&self) -> Reading;
}

impl Scalar for Counter {
    const KIND: &'static str = "counter";

    fn read(&self) -> Reading {
        Reading::Counter(self.get())
    }
}

impl Scalar for Gauge {
    const KIND: &'static str = "gauge";

    fn read(&self) -> Reading {
        Reading::Gauge(self.get())
    }
}

impl Scalar for Histogram {
    const KIND: &'static str = "histogram";

    fn read(&self) -> Reading {
        Reading::Histogram(self.get())
    }
}

impl<T: Scalar> Measure for T {
    const KIND: &'static str = T::KIND;

    fn new(_: &'static Contract) -> Self {
        Self::default()
    }

    fn samples(&self) -> Vec<Sample> {
        vec![Sample { label: None, value: self.read() }]
    }
}

impl<L: Label, T: Scalar> Measure for Per<L, T> {
    const KIND: &'static str = T::KIND;
    const LABEL: Option<&'static str> = Some(L::NAME);

    fn new(contract: &'static Contract) -> Self {
        Self::new(contract)
    }

    fn samples(&self) -> Vec<Sample> {
        let all = self.iter().map(|(value, number)| Sample { label: Some(value.to_owned()), value: number.read() });
        all.filter(|sample| sample.label.as_deref() != Some(OTHER) || sample.value.count() > 0).collect()
    }
}

impl Reading {
    fn count(&self) -> u64 {
        match self {
            Self::Counter(count) | Self::Gauge(count) => *count,
            Self::Histogram(distribution) => distribution.count,
        }
    }

    fn metric(&self) -> proto::Metric {
        let mut metric = proto::Metric::default();
        match self {
            Self::Counter(count) => {
                let mut counter = proto::Counter::default();
                counter.set_value(*count as f64);
                metric.set_counter(counter);
            }
            Self::Gauge(value) => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(*value as f64);
                metric.set_gauge(gauge);
            }
            Self::Histogram(distribution) => metric.set_histogram(distribution.histogram()),
        }
        metric
    }

    fn json(&self) -> Value {
        match self {
            Self::Counter(count) | Self::Gauge(count) => json!(count),
            Self::Histogram(distribution) => {
                json!({ "count": distribution.count, "sum_seconds": distribution.sum.as_secs_f64() })
            }
        }
    }
}

impl Distribution {
    fn histogram(&self) -> proto::Histogram {
        let bucket = |(bound, count): (u64, u64)| {
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(bound as f64 / 1e6);
            bucket.set_cumulative_count(count);
            bucket
        };
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(BOUNDS_US.into_iter().zip(self.cumulative).map(bucket).collect());
        histogram.set_sample_count(self.count);
        histogram.set_sample_sum(self.sum.as_secs_f64());
        histogram
    }
}

impl Family {
    fn proto(&self) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(format!("{PREFIX}{}", self.row.name));
        family.set_help(self.row.help.to_owned());
        family.set_field_type(match self.row.kind {
            "counter" => MetricType::COUNTER,
            "gauge" => MetricType::GAUGE,
            _ => MetricType::HISTOGRAM,
        });
        let metric = |sample: &Sample| {
            let mut metric = sample.value.metric();
            if let (Some(name), Some(value)) = (self.row.label, &sample.label) {
                let mut pair = LabelPair::default();
                pair.set_name(name.to_owned());
                pair.set_value(value.clone());
                metric.set_label(vec![pair]);
            }
            metric
        };
        family.set_metric(self.samples.iter().map(metric).collect());
        family
    }

    /// The value; with a label the sum, and beside it the values by label that are not zero.
    fn json(&self, into: &mut Map<String, Value>) {
        let name = self.row.name;
        let Some(label) = self.row.label else {
            into.extend(self.samples.iter().map(|sample| (name.to_owned(), sample.value.json())));
            return;
        };
        let present = self.samples.iter().filter(|sample| sample.value.count() > 0);
        let by: Map<_, _> = present.filter_map(|sample| Some((sample.label.clone()?, sample.value.json()))).collect();
        if self.row.kind != "histogram" {
            let sum: u64 = self.samples.iter().map(|sample| sample.value.count()).sum();
            into.insert(name.to_owned(), json!(sum));
        }
        into.insert(format!("{name}_by_{label}"), Value::Object(by));
    }
}

impl Snapshot {
    /// The content type of [`Self::text`].
    pub(crate) const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

    /// Prometheus' text format.
    pub(crate) fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let families: Vec<_> = self.0.iter().map(Family::proto).collect();
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(text)
    }

    /// The same as JSON, without the prefix.
    pub(crate) fn json(&self) -> Value {
        let mut all = Map::new();
        for family in &self.0 {
            family.json(&mut all);
        }
        Value::Object(all)
    }
}
