package io.logcourier.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.logcourier.configuration.Settings;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LoggingTest {
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @AfterEach
    void defaultLevel() {
        Logging.apply(Settings.read(Map.of(), Map.of()));
    }

    @Test
    void keyValuesAreFieldsOfTheirOwnAndNumbersStayNumbers() {
        logger().atInfo()
                .addKeyValue("order", "5/2")
                .addKeyValue("epoch", 5L)
                .addKeyValue("orders", 3)
                .addKeyValue("bucket", "\"cats\"\n\u00fc")
                .addKeyValue("reason", (Object) null)
                .log("gave up {}", "all");

        JsonNode line = json();
        assertThat(line.propertyNames())
                .containsExactly(
                        "timestamp", "level", "logger", "message", "order", "epoch", "orders", "bucket", "reason");
        assertThat(Instant.parse(line.path("timestamp").stringValue()))
                .isBefore(Instant.now().plusSeconds(1));
        assertThat(line.path("level").stringValue()).isEqualTo("INFO");
        assertThat(line.path("logger").stringValue()).isEqualTo("io.logcourier.test");
        assertThat(line.path("message").stringValue()).isEqualTo("gave up all");
        assertThat(line.path("order").stringValue()).isEqualTo("5/2");
        assertThat(line.path("epoch").isNumber()).isTrue();
        assertThat(line.path("orders").isNumber()).isTrue();
        assertThat(line.path("bucket").stringValue()).isEqualTo("\"cats\"\n\u00fc");
        assertThat(line.path("reason").isNull()).isTrue();
    }

    @Test
    void aLineForPeopleIsOneLineWhateverIsInIt() {
        String evil = "evil\u001b[31m\nThe books balance.\u009b";
        logger().atError()
                .addKeyValue("bucket", evil)
                .setCause(new IllegalStateException(evil, new IllegalArgumentException(evil)))
                .log("gave up {}", evil);
        LinesForPeople encoder = new LinesForPeople();
        encoder.setContext((LoggerContext) LoggerFactory.getILoggerFactory());
        encoder.start();

        List<String> printed = new String(encoder.encode(lines.list.getLast()), StandardCharsets.UTF_8)
                .lines()
                .toList();

        String plain = "evil\\u001b[31m\\nThe books balance.\\u009b";
        assertThat(printed.getFirst()).endsWith("gave up " + plain + " bucket=" + plain);
        assertThat(printed).hasSizeGreaterThan(3);
        assertThat(printed.subList(1, printed.size())).allMatch(line -> line.startsWith("    "));
        assertThat(String.join("", printed)).matches("\\P{Cntrl}*");
    }

    @Test
    void aStackTraceIsPartOfItsLine() {
        logger().error("broke", new IllegalStateException("outer", new IllegalArgumentException("inner")));

        assertThat(json().path("stackTrace").stringValue()).contains("outer", "Caused by", "inner", "LoggingTest");
    }

    @ParameterizedTest
    @CsvSource({
        "error, false, false, false",
        "warn,  true,  false, false",
        "info,  true,  true,  false",
        "debug, true,  true,  true"
    })
    void theLevelIsOursAndLibrariesSayNoMoreThanWarnings(String level, boolean warn, boolean info, boolean debug) {
        Logging.apply(Settings.read(Map.of("log.level", level), Map.of()));

        org.slf4j.Logger ours = LoggerFactory.getLogger("io.logcourier.worker.Delivery");
        assertThat(ours.isWarnEnabled()).isEqualTo(warn);
        assertThat(ours.isInfoEnabled()).isEqualTo(info);
        assertThat(ours.isDebugEnabled()).isEqualTo(debug);
        org.slf4j.Logger library = LoggerFactory.getLogger("software.amazon.awssdk");
        assertThat(library.isWarnEnabled()).isEqualTo(warn);
        assertThat(library.isInfoEnabled()).isFalse();
    }

    private Logger logger() {
        Logger logger = new LoggerContext().getLogger("io.logcourier.test");
        lines.start();
        logger.addAppender(lines);
        return logger;
    }

    private JsonNode json() {
        assertThat(lines.list).hasSize(1);
        String text = new String(new JsonLines().encode(lines.list.getFirst()), StandardCharsets.UTF_8);
        assertThat(text.lines()).hasSize(1);
        return new JsonMapper().readTree(text);
    }
}
