package io.logcourier.logging;

import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.nio.charset.StandardCharsets;

/** A line for each event, {@link Plain}; the stack trace of a failure follows, indented. */
final class LinesForPeople extends PatternLayoutEncoder {
    private static final String PATTERN =
            "%d{HH:mm:ss.SSS} %-5level %logger{0}: %msg%replace( %kvp{NONE}){'^ $', ''}%nopex";

    LinesForPeople() {
        setPattern(PATTERN);
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        String line = Plain.value(((PatternLayout) getLayout()).doLayout(event)) + System.lineSeparator();
        String trace = event.getThrowableProxy() == null
                ? ""
                : "    "
                        + Plain.indented(ThrowableProxyUtil.asString(event.getThrowableProxy())
                                .stripTrailing()) + System.lineSeparator();
        return (line + trace).getBytes(StandardCharsets.UTF_8);
    }
}
