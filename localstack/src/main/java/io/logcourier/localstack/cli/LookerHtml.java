package io.logcourier.localstack.cli;

import io.logcourier.looker.Looker;
import io.logcourier.looker.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * A run as one HTML page without anything from elsewhere: throughput over time, the distribution of the delay, delay over
 * time, and the report. Thread-safe.
 */
final class LookerHtml {
    private static final int MOST_SAMPLES = 600;
    private static final int WIDTH = 800;
    private static final int HEIGHT = 200;
    private static final int MILLIS = 1000;

    private final List<Sample> samples = new ArrayList<>();
    private int every = 1;
    private int seen;

    private record Sample(long millis, long written, long right, Report.Delay delay) {}

    private record Point(long x, long y) {}

    /** Takes a look. Of many looks it keeps some, evenly. */
    synchronized void sample(long millis, Looker.Progress progress) {
        if (seen++ % every == 0) {
            samples.add(new Sample(
                    millis,
                    progress.written(),
                    progress.right(),
                    progress.reading().delayMillis()));
        }
        if (samples.size() > MOST_SAMPLES) {
            List<Sample> half = new ArrayList<>();
            for (int i = 0; i < samples.size(); i += 2) {
                half.add(samples.get(i));
            }
            samples.clear();
            samples.addAll(half);
            every *= 2;
        }
    }

    /** The page. */
    synchronized String page(Report report) {
        List<Point> percentiles = new ArrayList<>();
        List<Long> distribution = report.reading().delayMillis().distribution();
        for (int i = 0; i < distribution.size(); i++) {
            percentiles.add(new Point(i * 100L / Math.max(1, distribution.size() - 1), distribution.get(i)));
        }
        return """
                <!DOCTYPE html>
                <html lang="en"><head><meta charset="utf-8"><title>looker %s</title>
                <style>body { font-family: sans-serif; max-width: 60em; margin: 2em auto } svg { background: #f6f6f6 } pre { white-space: pre-wrap }</style>
                </head><body><h1>looker %s</h1>
                %s%s%s%s<h2>Report</h2><pre>%s</pre></body></html>
                """.formatted(
                escaped(report.run().id()),
                escaped(report.run().id()),
                plot("Entries written a second", "seconds", "entries/s", rates(Sample::written)),
                plot("Entries found right a second", "seconds", "entries/s", rates(Sample::right)),
                plot("Delay: how many percent of the entries took at most so long", "percent", "ms", percentiles),
                plot("Delay over time: 99 percent of the entries so far", "seconds", "ms", delays()),
                escaped(report.text()));
    }

    private List<Point> rates(ToLongFunction<Sample> count) {
        List<Point> rates = new ArrayList<>();
        for (int i = 1; i < samples.size(); i++) {
            Sample before = samples.get(i - 1);
            Sample after = samples.get(i);
            long millis = Math.max(1, after.millis() - before.millis());
            rates.add(new Point(
                    after.millis() - samples.getFirst().millis(),
                    (count.applyAsLong(after) - count.applyAsLong(before)) * MILLIS / millis));
        }
        return rates;
    }

    private List<Point> delays() {
        return samples.stream()
                .filter(sample -> sample.delay().entries() > 0)
                .map(sample -> new Point(
                        sample.millis() - samples.getFirst().millis(),
                        sample.delay().p99()))
                .toList();
    }

    private static String plot(String title, String abscissa, String ordinate, List<Point> points) {
        if (points.isEmpty()) {
            return "<h2>%s</h2><p>Nothing to show.</p>%n".formatted(title);
        }
        long mostX = Math.max(1, points.stream().mapToLong(Point::x).max().orElse(1));
        long mostY = Math.max(1, points.stream().mapToLong(Point::y).max().orElse(1));
        String line = points.stream()
                .map(point -> point.x() * WIDTH / mostX + "," + (HEIGHT - point.y() * HEIGHT / mostY))
                .collect(Collectors.joining(" "));
        String end = abscissa.equals("seconds")
                ? String.format(Locale.ROOT, "%.1f", mostX / (double) MILLIS)
                : Long.toString(mostX);
        return """
                <h2>%s</h2>
                <svg width="%d" height="%d" role="img"><polyline fill="none" stroke="#06c" stroke-width="1.5" points="%s"/></svg>
                <p>across: 0 to %s %s; up: 0 to %,d %s</p>
                """.formatted(title, WIDTH, HEIGHT, line, end, abscissa, mostY, ordinate);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
