package io.logcourier.localstack.cli;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.localstack.LaptopStack;
import io.logcourier.localstack.Version;
import io.logcourier.localstack.bench.BenchCommand;
import io.logcourier.localstack.engine.EngineUnavailableException;
import io.logcourier.logging.Plain;
import io.logcourier.operations.AdoptCommand;
import io.logcourier.operations.AuditCommand;
import io.logcourier.operations.Colour;
import io.logcourier.operations.DdlCommand;
import io.logcourier.operations.LoadCommand;
import io.logcourier.operations.OutputException;
import io.logcourier.operations.RedriveCommand;
import io.logcourier.operations.RepairCommand;
import io.logcourier.operations.ReplayCommand;
import io.logcourier.operations.SchemaCommand;
import io.logcourier.operations.SettingsFlags;
import io.logcourier.operations.StatusCommand;
import io.logcourier.operations.Terminal;
import io.logcourier.tls.Distrust;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.FileSystemException;
import java.util.Set;
import org.slf4j.LoggerFactory;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;
import software.amazon.awssdk.core.exception.SdkException;

/** {@code courier}. Results go to stdout, everything else to stderr. */
@Command(
        name = "courier",
        description = "Delivers S3 server access logs from ClickHouse into the buckets they belong to, exactly once.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        subcommands = {
            DemoCommand.class,
            UpCommand.class,
            LoadCommand.class,
            TickCommand.class,
            WorkCommand.class,
            StatusCommand.class,
            AuditCommand.class,
            ReplayCommand.class,
            RedriveCommand.class,
            SchemaCommand.class,
            DdlCommand.class,
            AdoptCommand.class,
            RepairCommand.class,
            LookerCommand.class,
            BenchCommand.class,
            GenerateCompletion.class,
            HelpCommand.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:well",
            "1:the check failed: a difference, an undelivered row",
            "2:usage, configuration or bad input",
            "3:a dependency is unreachable or failed",
            "130, 143:stopped by SIGINT, SIGTERM; what was in hand is finished or put down (0 for up)",
            "141:nobody reads stdout any more"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  courier demo                 the main job on this machine, start to end",
            "  courier up                   the same stack, to try things on; Ctrl-C ends it",
            "  courier help audit           what a command does, its options, its settings"
        })
public final class Main {
    /** A dependency is unreachable. */
    private static final int UNREACHABLE = 3;

    /** As a shell has it of a program that SIGPIPE ends. */
    private static final int CLOSED_PIPE = 128 + 13;

    /** Characters of a line of help. */
    private static final int NARROW = 80;

    private static final int WIDE = 120;

    /** They bring their own ClickHouse, S3 and SQS. */
    private static final Set<Class<?>> EMBEDDED = Set.of(DemoCommand.class, UpCommand.class, BenchCommand.class);

    private Main() {}

    /** Runs a command and exits with its code. */
    public static void main(String[] arguments) {
        Signals.listen();
        int code = UNREACHABLE;
        try {
            code = commandLine().execute(arguments);
        } catch (OutputException e) {
            // A help that nobody reads to its end.
            code = code(e);
        } catch (Error e) {
            // The services' threads would keep the process alive.
            LoggerFactory.getLogger(Main.class).error("courier broke", e);
        }
        // Where a signal stops the process, its code is the signal's, and whoever waits for this thread sees it end.
        if (!Signals.isStopping() || code == 0) {
            System.exit(code);
        }
    }

    /** The command line, ready to parse. */
    static CommandLine commandLine() {
        // System.out would swallow that nobody takes it any more.
        return commandLine(new FileOutputStream(FileDescriptor.out));
    }

    /** As the other one, with another stdout than the process's. */
    static CommandLine commandLine(OutputStream stdout) {
        CommandLine line = new CommandLine(new Main());
        line.getSubcommands().forEach((name, command) -> {
            if (command.getCommand() instanceof GenerateCompletion || command.getCommand() instanceof HelpCommand) {
                return;
            }
            boolean embedded = EMBEDDED.contains(command.getCommand().getClass());
            SettingsFlags.addTo(
                    command.getCommandSpec(),
                    embedded ? LaptopStack.OWN : Set.of(),
                    setting -> Uses.isUsed(name, setting));
            command.getCommandSpec()
                    .mixinStandardHelpOptions(true)
                    .usageMessage()
                    .sortOptions(false)
                    .footerHeading("%nExamples:%n");
        });
        PrintWriter completion = line.getOut();
        Writer out = OutputException.raising(new OutputStreamWriter(stdout, System.out.charset()));
        line.setOut(Terminal.STDOUT.wantsColour() ? Plain.writer(out, Colour.SEQUENCES) : Plain.writer(out));
        line.setErr(Plain.writer(new OutputStreamWriter(System.err, System.err.charset())));
        // A script for a shell, and nothing of a stranger's in it.
        line.getSubcommands().get("generate-completion").setOut(completion);
        line.setColorScheme(CommandLine.Help.defaultColorScheme(
                Terminal.STDOUT.wantsColour() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
        line.setUsageHelpWidth(Math.clamp(Terminal.STDOUT.size().columns(), NARROW, WIDE));
        line.setParameterExceptionHandler((failure, arguments) -> {
            CommandLine command = failure.getCommandLine();
            PrintWriter err = command.getErr();
            if (arguments.length == 0) {
                err.println(command.getUsageMessage(CommandLine.Help.Ansi.OFF));
                return CommandLine.ExitCode.USAGE;
            }
            err.println("courier: " + Plain.indented(text(failure, command == line)));
            UnmatchedArgumentException.printSuggestions(failure, err);
            err.println("see courier %s--help".formatted(command == line ? "" : command.getCommandName() + " "));
            return CommandLine.ExitCode.USAGE;
        });
        return line.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof OutputException closed && closed.isClosedPipe()) {
                return CLOSED_PIPE;
            }
            command.getErr().println("courier: " + Plain.indented(text(failure)));
            return switch (failure) {
                case CourierException known ->
                    switch (known) {
                        case ConfigurationException configuration -> CommandLine.ExitCode.USAGE;
                        case PoisonMessageException poison -> CommandLine.ExitCode.USAGE;
                        case RetryableException retryable -> UNREACHABLE;
                    };
                case SdkException aws -> Distrust.isIn(aws) ? CommandLine.ExitCode.USAGE : UNREACHABLE;
                case OutputException output -> UNREACHABLE;
                case EngineUnavailableException engine -> CommandLine.ExitCode.USAGE;
                case IOException io -> CommandLine.ExitCode.USAGE;
                case UncheckedIOException io -> CommandLine.ExitCode.USAGE;
                default -> {
                    failure.printStackTrace(command.getErr());
                    yield UNREACHABLE;
                }
            };
        });
    }

    private static int code(OutputException failure) {
        if (failure.isClosedPipe()) {
            return CLOSED_PIPE;
        }
        System.err.println("courier: " + Plain.indented(failure.getMessage()));
        return UNREACHABLE;
    }

    /** Which argument is wrong; a first word that is none of ours is meant as a command. */
    private static String text(ParameterException failure, boolean isFirstWord) {
        return isFirstWord
                        && failure instanceof UnmatchedArgumentException unmatched
                        && !unmatched.getUnmatched().getFirst().startsWith("-")
                ? "there is no command '" + unmatched.getUnmatched().getFirst() + "'"
                : failure.getMessage();
    }

    /** The message; where files, sockets or AWS are concerned, what the system said to it as well. */
    private static String text(Throwable failure) {
        // The message of these is a file name.
        String message = failure instanceof FileSystemException || failure.getMessage() == null
                ? failure.getClass().getSimpleName() + ": " + failure.getMessage()
                : failure.getMessage();
        return failure.getCause() != null
                        && (failure instanceof IOException
                                || failure instanceof UncheckedIOException
                                || failure instanceof SdkException)
                ? message + ": " + text(failure.getCause())
                : message;
    }
}
