package io.logcourier.localstack.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/**
 * What SIGINT and SIGTERM do. The first one has the command finish or put down what is in hand, for ten seconds at most;
 * the second one ends the process at once.
 */
final class Signals {
    /** What a command may take to put down its work, with some seconds left for the rest. */
    static final Duration GRACE = Duration.ofSeconds(6);

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration SILENCE = Duration.ofSeconds(1);
    private static final Map<String, Integer> EXIT_CODES = Map.of("INT", 128 + 2, "TERM", 128 + 15);

    private static final AtomicBoolean STOPPING = new AtomicBoolean();
    private static volatile IntConsumer stop = System::exit;

    private Signals() {}

    /** From here on signals are heard. */
    static void listen() {
        EXIT_CODES.forEach((name, code) -> org.jline.utils.Signals.register(name, () -> receive(code)));
    }

    /** Runs this at the first signal, instead of exiting with the signal's code. */
    static void stopWith(Runnable instead) {
        stop = code -> instead.run();
    }

    /** Whether a signal has come: what fails now fails because of it. */
    static boolean isStopping() {
        return STOPPING.get();
    }

    private static void receive(int code) {
        if (!STOPPING.compareAndSet(false, true)) {
            leave(code);
        }
        Thread.ofPlatform().daemon().name("limit").start(() -> limit(code));
        stop.accept(code);
    }

    private static void limit(int code) {
        try {
            Thread.sleep(SILENCE);
            System.err.println("courier: stopping, finishing what is in hand; a second signal leaves at once");
            Thread.sleep(LIMIT.minus(SILENCE));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        leave(code);
    }

    /** Not {@link Runtime#halt}: that runs libchdb's exit handlers, which crash where an engine is open. */
    @SuppressWarnings("restricted")
    private static void leave(int code) {
        Linker linker = Linker.nativeLinker();
        try {
            linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("_exit"),
                            FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                    .invokeExact(code);
        } catch (Throwable e) {
            throw new LinkageError("_exit", e);
        }
    }
}
