package io.logcourier.looker;

import io.logcourier.accesslog.Form;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a run writes: everything from which its entries can be made again, except their times, which each entry carries.
 *
 * @param id part of bucket names and prefixes: lower case letters, digits and hyphens
 * @param seed what entries hold follows from it
 * @param fragment entries written at once
 * @param lineLength bytes that a log line has at least, about
 * @param compressibility of what pads lines to that length
 * @param shape what entries are like
 * @param targetBuckets that receive log objects; streams take them in turn
 * @param targetPrefix what keys of log objects begin with
 * @param rendering of log lines, as orders name it: text-2, text-once-2, text-quoted-2 or text-once-quoted-2
 * @param moreFields that follow those of the format in log lines; they must be there, their values are not compared
 */
public record Run(
        String id,
        long seed,
        int fragment,
        int lineLength,
        Compressibility compressibility,
        Shape shape,
        List<String> targetBuckets,
        String targetPrefix,
        String rendering,
        int moreFields) {
    /** How well what pads a line compresses. */
    public enum Compressibility {
        /** Random letters. */
        MIN,
        /** Words that come back. */
        MEDIUM,
        /** One letter. */
        MAX
    }

    /** What entries are like. */
    public enum Shape {
        /** Requests as most are. */
        ORDINARY,
        /** Characters that readers and writers of text stumble over, and bytes that are no UTF-8. */
        HOSTILE,
        /** Requests with records that share their time and id, as a delete of several objects makes. */
        SUB_RECORDS,
        /** User agents of several kilobytes. */
        HUGE_AGENTS,
        /** Mostly ordinary ones, and some of each. */
        MIXED
    }

    /** Streams that a run can have. */
    static final int MOST_STREAMS = 1 << 20;

    /** Bytes; ClickHouse takes 268,402,944 at once. */
    private static final long LARGEST_INSERT = 200_000_000;

    private static final int LINE = 1_000;
    private static final int HUGE_LINE = 12_000;
    private static final int NAME_DIGITS = 5;
    private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

    /** Checks all. */
    public Run {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException(
                    "run-id is '" + id + "': up to 32 lower case letters, digits and hyphens are needed");
        }
        if (fragment < 1) {
            throw new IllegalArgumentException(
                    "n-entries-per-stream-fragment is " + fragment + ": at least 1 is needed");
        }
        if ((long) fragment * Math.max(lineLength, shape == Shape.HUGE_AGENTS ? HUGE_LINE : LINE) > LARGEST_INSERT) {
            throw new IllegalArgumentException("n-entries-per-stream-fragment is " + fragment
                    + ": ClickHouse would cut so large an INSERT into blocks, and could store it in part");
        }
        if (targetBuckets.isEmpty()) {
            throw new IllegalArgumentException("no target bucket is named");
        }
        targetBuckets = List.copyOf(targetBuckets);
        LogLine.Style.of(rendering);
    }

    /** How log lines are written. */
    LogLine.Style style() {
        return LogLine.Style.of(rendering);
    }

    /**
     * How log lines of some target buckets are rendered.
     *
     * @throws IllegalArgumentException if they are rendered in several ways
     */
    public static String rendering(Form.Rules forms, List<String> targetBuckets) {
        List<String> renderings = targetBuckets.stream()
                .map(bucket -> forms.of(bucket).rendering().version())
                .distinct()
                .toList();
        if (renderings.size() != 1) {
            throw new IllegalArgumentException(
                    "the target buckets get objects of several forms, %s: name buckets of one, as delivery.forms has them"
                            .formatted(String.join(", ", renderings)));
        }
        return renderings.getFirst();
    }

    /** What keys of all log objects of the run begin with, whatever stream they are of. */
    public String prefix() {
        return targetPrefix + id;
    }

    /** The stream whose object a key of a bucket is, if it is one's. */
    Optional<LogStream> owner(String bucket, String key) {
        String own = prefix() + "/";
        int end = own.length() + NAME_DIGITS;
        if (!key.startsWith(own) || key.length() <= end || key.charAt(end) != '/') {
            return Optional.empty();
        }
        String name = key.substring(own.length(), end);
        return name.chars().allMatch(digit -> Character.digit(digit, 16) >= 0)
                ? Optional.of(stream(Integer.parseInt(name, 16)))
                        .filter(stream -> stream.targetBucket().equals(bucket) && key.startsWith(stream.targetPrefix()))
                : Optional.empty();
    }

    /** A stream by its number, counted from 0. */
    public LogStream stream(int number) {
        if (number < 0 || number >= MOST_STREAMS) {
            throw new IllegalArgumentException("stream " + number + ": a run has at most " + MOST_STREAMS);
        }
        String name = String.format(Locale.ROOT, "%05x", number);
        return new LogStream(
                number,
                "looker-" + id + "-" + name,
                targetBuckets.get(number % targetBuckets.size()),
                prefix() + "/" + name + "/");
    }
}
