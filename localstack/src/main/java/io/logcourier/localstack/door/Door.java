package io.logcourier.localstack.door;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether a request may come in at a port on loopback. A browser lets any web page send requests there: some without
 * asking first (<a href="https://fetch.spec.whatwg.org/#cors-protocol">CORS</a>), and any at all once the page's name
 * leads to 127.0.0.1 (DNS rebinding). The first names the page in {@code Origin} or {@code Sec-Fetch-Site}, the second
 * in {@code Host}.
 */
public final class Door {
    /** What the answer to a refused request says. */
    public static final int STATUS = 403;

    private static final Pattern AUTHORITY = Pattern.compile("(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]/?#@\\s]+)(:\\d{1,5})?");
    private static final Pattern ORIGIN = Pattern.compile("https?://([^/]+)", Pattern.CASE_INSENSITIVE);
    private static final Pattern LOOPBACK = Pattern.compile(
            "localhost\\.?|127(\\.(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)){3}|\\[(0{0,4}:){2,7}0{0,3}1\\]");

    private Door() {}

    /**
     * Why a request is refused: it names a host that is not loopback (localhost, 127.0.0.0/8 or [::1], with any port), or
     * it was sent by a web page from elsewhere. Empty if it may come in. A request without these headers is none of a
     * browser's.
     *
     * @param headers the values of a header of the request, by its name, none where it is missing
     */
    public static Optional<String> refusal(Function<String, List<String>> headers) {
        List<String> hosts = headers.apply("Host");
        for (String host : hosts) {
            if (!isLoopback(host)) {
                return Optional.of("the request asks for the host " + quoted(host)
                        + ", and this port serves this machine alone: use http://127.0.0.1 or http://localhost");
            }
        }
        List<String> origins = headers.apply("Origin");
        for (String origin : origins) {
            Matcher matcher = ORIGIN.matcher(origin.strip());
            if (!matcher.matches() || !isLoopback(matcher.group(1))) {
                return Optional.of(
                        "the request comes from the web page " + quoted(origin)
                                + ", and this port serves no page from elsewhere: use a program, or a page on http://localhost");
            }
        }
        boolean isForeign = origins.isEmpty()
                && headers.apply("Sec-Fetch-Site").stream()
                        .anyMatch(site -> site.strip().equalsIgnoreCase("cross-site"));
        return isForeign
                ? Optional.of("the request comes from a web page elsewhere (Sec-Fetch-Site: cross-site),"
                        + " and this port serves none: use a program, or a page on http://localhost")
                : Optional.empty();
    }

    private static boolean isLoopback(String authority) {
        Matcher matcher = AUTHORITY.matcher(authority.strip());
        return matcher.matches()
                && LOOPBACK.matcher(matcher.group(1).toLowerCase(Locale.ROOT)).matches();
    }

    /** Short, and without what a terminal or a page would take for its own. */
    private static String quoted(String value) {
        String plain = value.replaceAll("[^\\x20-\\x7e]|[<>&'\"]", "?");
        return "'" + (plain.length() > 100 ? plain.substring(0, 100) + "..." : plain) + "'";
    }
}
