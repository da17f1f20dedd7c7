package io.logcourier.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.spi.ContextAwareBase;
import io.logcourier.configuration.Settings;
import org.slf4j.LoggerFactory;

/**
 * Log lines as JSON on stdout in Lambda; elsewhere for people on stderr, since stdout is for results. Logback finds this
 * by its service file. It is no logback.xml because reading one takes longer than all the rest of logback's start.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_TOP_PRIORITY)
public final class Logging extends ContextAwareBase implements Configurator {
    private static final String OURS = "io.logcourier";
    /** From here on the level that {@code settings} name counts; returns them. */
    public static Settings apply(Settings settings) {
        level((LoggerContext) LoggerFactory.getILoggerFactory(), Level.convertAnSLF4JLevel(settings.logLevel()));
        return settings;
    }

    /** The level info, until {@link #apply}. */
    @Override
    public ExecutionStatus configure(LoggerContext context) {
        boolean lambda = System.getenv("AWS_LAMBDA_FUNCTION_NAME") != null;
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setTarget((lambda ? ConsoleTarget.SystemOut : ConsoleTarget.SystemErr).getName());
        Encoder<ILoggingEvent> lines = lambda ? new JsonLines() : new LinesForPeople();
        lines.setContext(context);
        lines.start();
        console.setEncoder(lines);
        console.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(console);
        // Its retries; what it gives up reaches the caller as an exception.
        context.getLogger("com.clickhouse").setLevel(Level.ERROR);
        level(context, Level.INFO);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Libraries speak up only when something is wrong. */
    private static void level(LoggerContext context, Level own) {
        context.getLogger(OURS).setLevel(own);
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(own.isGreaterOrEqual(Level.WARN) ? own : Level.WARN);
    }
}
