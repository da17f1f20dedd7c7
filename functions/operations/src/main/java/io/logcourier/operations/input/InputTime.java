package io.logcourier.operations.input;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A time of an input row: seconds since 1970, or milli-, micro- or nanoseconds, which their size tells apart, as a number or as
 * text, with or without a fraction; or a date and a time as ISO 8601 has them, with a T or a space between, and with a zone or
 * in UTC. Parts of a millisecond are cut off.
 */
public final class InputTime {
    /** For people. */
    public static final String FORMS =
            "needed is a time from 1973 to 2299: seconds or milliseconds since 1970, or 2026-01-31T12:00:00.123Z";

    /** Before it, a number is more likely no time at all: an uptime, or a 0 that stands for nothing. */
    private static final Instant FIRST = Instant.ofEpochSecond(100_000_000);

    /** The log objects, as ClickHouse's dates, end there. */
    private static final Instant END = Instant.parse("2300-01-01T00:00:00Z");

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,20}(\\.[0-9]{0,20})?([eE]\\+?[0-9]{1,2})?");

    /** The first numbers that are no longer seconds, milliseconds, microseconds: of the years 5138, 33658 and 33658. */
    private static final List<BigDecimal> ENDS =
            List.of(BigDecimal.TEN.pow(11), BigDecimal.TEN.pow(15), BigDecimal.TEN.pow(18));

    private static final BigDecimal THOUSAND = BigDecimal.valueOf(1_000);

    private static final DateTimeFormatter ISO = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendPattern("['T'][ ]HH:mm[:ss]")
            .optionalStart()
            .appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, true)
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HH:MM", "Z")
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HHMM", "Z")
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HHmm", "Z")
            .optionalEnd()
            .toFormatter()
            .withResolverStyle(ResolverStyle.STRICT);

    private InputTime() {}

    /** The time that a value says, text or number as it stands in the row; empty where it says none from 1973 to 2299. */
    public static Optional<Instant> of(String value) {
        String text = value.strip();
        Optional<Instant> time = NUMBER.matcher(text).matches() ? Optional.of(number(text)) : iso(text);
        return time.map(one -> one.truncatedTo(ChronoUnit.MILLIS))
                .filter(one -> !one.isBefore(FIRST) && one.isBefore(END));
    }

    private static Instant number(String text) {
        BigDecimal number = new BigDecimal(text);
        BigDecimal millis = number.multiply(THOUSAND);
        for (BigDecimal end : ENDS) {
            if (number.compareTo(end) >= 0) {
                millis = millis.divide(THOUSAND);
            }
        }
        // What is too large for a time is of no time that is taken.
        return Instant.ofEpochMilli(millis.setScale(0, RoundingMode.DOWN)
                .min(BigDecimal.valueOf(Long.MAX_VALUE))
                .longValue());
    }

    private static Optional<Instant> iso(String text) {
        try {
            TemporalAccessor parsed = ISO.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
            return Optional.of(
                    parsed instanceof OffsetDateTime zoned
                            ? zoned.toInstant()
                            : LocalDateTime.from(parsed).toInstant(ZoneOffset.UTC));
        } catch (DateTimeException e) {
            // No time is an answer here: who asked names the field and the value.
            return Optional.empty();
        }
    }
}
