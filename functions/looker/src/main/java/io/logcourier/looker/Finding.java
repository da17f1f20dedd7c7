package io.logcourier.looker;

import java.util.Locale;

/**
 * One thing that is wrong.
 *
 * @param stream number of the stream that it concerns; -1 where that is not known
 * @param first index of the first entry that it concerns; -1 where that is not known
 * @param last index of the last one
 * @param place object and line, where there is one
 * @param field the first field that differs, or what else is wrong
 * @param expected what it should be
 * @param got what it is
 */
public record Finding(
        Verdict verdict, int stream, long first, long last, String place, String field, String expected, String got) {
    /** For people: one line. */
    public String text() {
        StringBuilder text = new StringBuilder(verdict.name().toLowerCase(Locale.ROOT));
        if (stream >= 0) {
            text.append(": stream ").append(stream);
        }
        if (first >= 0) {
            text.append(first == last ? ", entry " + first : ", entries " + first + " to " + last);
        }
        if (!place.isEmpty()) {
            text.append(", at ").append(place);
        }
        if (!field.isEmpty()) {
            text.append(", ").append(field);
        }
        if (!expected.isEmpty() || !got.isEmpty()) {
            text.append(": expected ").append(expected).append(", got ").append(got);
        }
        return text.toString();
    }
}
