package io.logcourier.localstack;

import io.logcourier.looker.LogLine;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Readers that do not run here, written anew from what they are described to take and to refuse; {@code docs/readers.md} says
 * from what. Each takes a line without its line feed, and returns the fields that it has by AWS's names, or nothing where it
 * refuses the line. What they do with a whole file (its size, its encoding, the length of a line) is not modelled.
 */
final class DescribedReaders {
    private static final List<String> FIELDS =
            List.copyOf(LogLine.fields(Map.of("startTime", Instant.EPOCH), LogLine.Style.AWS)
                    .keySet());
    private static final Set<String> NUMBERS =
            Set.of("HTTP status", "Bytes Sent", "Object Size", "Total Time", "Turn-Around Time");
    private static final String ABSENT = "-";
    private static final int BEFORE_VERSION_ID = 17;
    private static final int BEFORE_ACCESS_POINT = 24;
    private static final int BEFORE_REGION = 26;

    private static final String DAY_AND_TIME =
            "[0-9]{1,2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}";
    private static final String ADDRESS = "[0-9]{1,3}(?:[.][0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*";
    private static final String KEY_CHARACTERS = "[a-zA-Z0-9/_!\\-.*'()%+]+";
    private static final String ARN_CHARACTERS = "[a-zA-Z0-9/_.\\-%:@]+";
    private static final String HOST_CHARACTERS = "[a-zA-Z0-9/_.\\-%+=:]+";
    private static final String VERSION_CHARACTERS = "[a-zA-Z0-9.]+";

    /** Only a line feed ends a line; letters are those of Unicode. */
    private static final int ONIGURUMA = Pattern.UNIX_LINES | Pattern.UNICODE_CHARACTER_CLASS;

    private static final Pattern ELASTIC = Pattern.compile(
            String.join(
                            " ",
                            "(?<![0-9A-Fa-f])([0-9A-Fa-f]+)",
                            "\\b([0-9A-Za-z][0-9A-Za-z.-]*)",
                            "\\[(" + DAY_AND_TIME + ")]",
                            orDash(ADDRESS),
                            orDash(ARN_CHARACTERS),
                            "([a-zA-Z0-9]+)",
                            "(\\b\\w+\\b.\\b\\w+\\b.\\b\\w+\\b)",
                            orDash(KEY_CHARACTERS),
                            "(?:-|\"(.*?)\")",
                            orDash("[0-9]+"),
                            orDash("\\b\\w+\\b"),
                            orDash("[0-9]+"),
                            orDash("[0-9]+"),
                            orDash("[0-9]+"),
                            orDash("[0-9]+"),
                            "(?:-|\"-\"|\"(.*?)\")",
                            "(?:-|\"(?:-|(.*?))\")",
                            orDash(KEY_CHARACTERS),
                            orDash(HOST_CHARACTERS),
                            orDash(VERSION_CHARACTERS),
                            orDash(KEY_CHARACTERS),
                            orDash("\\b\\w+\\b"),
                            orDash(HOST_CHARACTERS),
                            orDash(VERSION_CHARACTERS))
                    + "(?: " + orDash(ARN_CHARACTERS) + ")?"
                    + "(?: " + orDash("Yes") + ")?"
                    + "(?: " + orDash("[a-zA-Z][a-zA-Z0-9-]*") + ")?",
            ONIGURUMA);

    /** Of 18 fields, three of them in quotes; a field takes what it can. */
    private static final Pattern HONEYCOMB = Pattern.compile("(.+) ([^ \"]+) \\[([^]]+)]" + " ([^ \"]+)".repeat(5)
            + " \"([^\"]+)\"" + " ([^ \"]+)".repeat(6) + " \"([^\"]+)\" \"([^\"]+)\" .+");

    private static final Pattern TAILPIPE = Pattern.compile("([^ ]*) ([^ ]*) \\[([^]]*)]"
            + " ([^ ]*)".repeat(5) + " \"([^\"]*)\"" + " ([^ ]*)".repeat(6) + " \"([^\"]*)\" \"([^\"]*)\""
            + " ([^ ]*)".repeat(8) + "(?: ([^ ]*))?");

    private DescribedReaders() {}

    private static String orDash(String pattern) {
        return "(?:-|(" + pattern + "))";
    }

    /** Grok: the pattern is found anywhere, and numbers must fit a signed 64-bit integer, or the pipeline fails. */
    static Optional<Map<String, String>> elastic(String line) {
        Matcher matcher = ELASTIC.matcher(line);
        return matcher.find() ? withLongs(fields(groups(matcher))) : Optional.empty();
    }

    /** Behind the agent it has one field, which takes the rest of the line. */
    static Optional<Map<String, String>> honeycomb(String line) {
        Matcher matcher = HONEYCOMB.matcher(line);
        return matcher.matches()
                ? Optional.of(fields(groups(matcher).subList(0, BEFORE_VERSION_ID)))
                : Optional.empty();
    }

    /** A field ends where the character comes that its format has behind it; what follows the format is passed over. */
    static Optional<Map<String, String>> tailpipe(String line) {
        Matcher matcher = TAILPIPE.matcher(line);
        return matcher.lookingAt() ? withLongs(fields(groups(matcher))) : Optional.empty();
    }

    /** All 27 fields, parted by spaces outside of brackets and quotes. */
    static Optional<Map<String, String>> tokens(String line) {
        return Optional.of(fields(parted(line)));
    }

    /**
     * Parts at each space, and joins what begins with a bracket or a quote until a part ends with its counterpart. Two spaces
     * together end the joining, since an empty part counts as none.
     */
    static Optional<Map<String, String>> wazuh(String line) {
        List<String> parts = List.of(line.split(" ", -1));
        List<String> values = new ArrayList<>();
        int next = 0;
        while (next < parts.size() && !parts.get(next).isEmpty()) {
            String value = parts.get(next);
            next++;
            char closing = value.charAt(0) == '[' ? ']' : value.charAt(0);
            if (closing == ']' || closing == '"' || closing == '\'') {
                while (!value.endsWith(Character.toString(closing))
                        && next < parts.size()
                        && !parts.get(next).isEmpty()) {
                    value += " " + parts.get(next);
                    next++;
                }
                boolean isClosed = value.length() > 1 && value.endsWith(Character.toString(closing));
                value = isClosed ? value.substring(1, value.length() - 1) : value;
                if (!isClosed && next < parts.size()) {
                    // The empty part is spent.
                    next++;
                }
            }
            values.add(value);
        }
        return Optional.of(fields(values.subList(0, Math.min(values.size(), BEFORE_ACCESS_POINT))));
    }

    /**
     * Quoted and bare fields; numbers are signed 64-bit integers, a request has a method, a path and a protocol, and the last
     * one before the region says Yes or nothing; any other value refuses the file. The request is kept in its parts.
     */
    static Optional<Map<String, String>> openTelemetry(String line) {
        Map<String, String> fields = fields(parted(line));
        String request = fields.get("Request-URI");
        String tls = fields.get("TLS version");
        if (!Set.of("Yes", ABSENT).contains(fields.getOrDefault("aclRequired", ""))
                || (!tls.equals(ABSENT) && tls.indexOf('1') < 0)) {
            return Optional.empty();
        }
        if (!request.equals(ABSENT)) {
            String[] parts = request.split(" ", -1);
            if (parts.length != 3 || !isRequestUri(parts[1]) || !parts[2].matches("[^/]+/.+")) {
                return Optional.empty();
            }
            int query = parts[1].indexOf('?');
            String path = query < 0 ? parts[1] : parts[1].substring(0, query);
            fields.put(
                    "Request-URI",
                    parts[0] + " " + URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8)
                            + (query < 0 ? "" : parts[1].substring(query)) + " " + parts[2]);
        }
        return withLongs(fields);
    }

    private static boolean isRequestUri(String text) {
        String path = text.split("[?]", 2)[0];
        return path.matches("(?s)(/|[a-zA-Z][a-zA-Z0-9+.-]*:).*")
                && !Pattern.compile("%(?![0-9A-Fa-f]{2})|\\p{Cntrl}")
                        .matcher(path)
                        .find();
    }

    /** Numbers are those of JavaScript. The field that is last in the line is lost: it has none such for the region. */
    static Optional<Map<String, String>> nooBaa(String line) {
        List<String> values = parted(line);
        Map<String, String> fields = fields(values.subList(0, Math.min(values.size(), BEFORE_REGION)));
        NUMBERS.forEach(number -> fields.computeIfPresent(
                number,
                (name, value) ->
                        value.equals(ABSENT) ? value : new BigDecimal(Double.parseDouble(value)).toPlainString()));
        return Optional.of(fields);
    }

    private static List<String> parted(String line) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        while (from < line.length()) {
            char first = line.charAt(from);
            boolean isBare = first != '[' && first != '"';
            int end = line.indexOf(isBare ? ' ' : first == '[' ? ']' : '"', from + 1);
            if (end < 0) {
                end = line.length();
            }
            parts.add(line.substring(isBare ? from : from + 1, end));
            from = isBare ? end + 1 : end + 2;
        }
        return parts;
    }

    private static Optional<Map<String, String>> withLongs(Map<String, String> fields) {
        boolean areLongs = NUMBERS.stream()
                .map(number -> fields.getOrDefault(number, ABSENT))
                .allMatch(value -> value == null || value.equals(ABSENT) || isLong(value));
        return areLongs ? Optional.of(fields) : Optional.empty();
    }

    private static boolean isLong(String text) {
        try {
            Long.parseLong(text);
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static List<String> groups(Matcher matcher) {
        // Some are null.
        return IntStream.rangeClosed(1, matcher.groupCount())
                .mapToObj(matcher::group)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private static Map<String, String> fields(List<String> values) {
        Map<String, String> fields = new HashMap<>();
        for (int i = 0; i < Math.min(values.size(), FIELDS.size()); i++) {
            fields.put(FIELDS.get(i), values.get(i));
        }
        return fields;
    }
}
