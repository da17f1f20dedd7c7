package io.logcourier.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Objects;
import org.slf4j.event.KeyValuePair;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * One JSON object per line: timestamp, level, logger, message, then the key-values of the line as fields of their own,
 * then the stack trace. Lambda goes by {@code level} where {@code timestamp} is RFC 3339 (AWS Lambda Developer Guide,
 * "Log-level filtering"); logback's own JSON has milliseconds there, which Lambda takes for no timestamp.
 */
final class JsonLines extends EncoderBase<ILoggingEvent> {
    private static final int USUAL_BYTES = 512;

    private final JsonFactory json = new JsonFactory();

    @Override
    public byte[] encode(ILoggingEvent event) {
        ByteArrayOutputStream line = new ByteArrayOutputStream(USUAL_BYTES);
        try (JsonGenerator fields = json.createGenerator(ObjectWriteContext.empty(), line)) {
            fields.writeStartObject();
            fields.writeStringProperty("timestamp", event.getInstant().toString());
            fields.writeStringProperty("level", event.getLevel().toString());
            fields.writeStringProperty("logger", event.getLoggerName());
            fields.writeStringProperty("message", event.getFormattedMessage());
            for (KeyValuePair pair : Objects.requireNonNullElse(event.getKeyValuePairs(), List.<KeyValuePair>of())) {
                switch (pair.value) {
                    case Integer number -> fields.writeNumberProperty(pair.key, number);
                    case Long number -> fields.writeNumberProperty(pair.key, number);
                    case null -> fields.writeNullProperty(pair.key);
                    default -> fields.writeStringProperty(pair.key, pair.value.toString());
                }
            }
            if (event.getThrowableProxy() != null) {
                fields.writeStringProperty("stackTrace", ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
            fields.writeEndObject();
        }
        line.write('\n');
        return line.toByteArray();
    }

    @Override
    public byte[] headerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
        return new byte[0];
    }
}
