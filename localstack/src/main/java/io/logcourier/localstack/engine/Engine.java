package io.logcourier.localstack.engine;

import io.logcourier.localstack.door.PrivateFolder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ClickHouse inside this JVM, on one data folder. Query it through a {@link ClickHouseFront}.
 *
 * <p>It reaches its data folder only, which is the user's alone: its one user has no right to read or write files, URLs or
 * other servers ({@code users.xml}), and backups lie in the folder {@code backups}, by {@code File('name')} or
 * {@code Disk('backups', 'name')}. What that leaves open a front refuses ({@link Fence}).
 *
 * <p>A process has one engine open at a time, which may be closed and another one opened. A folder is locked while it is
 * open, against other processes too. What a committed INSERT stored survives the process being killed (and a power cut
 * where the table is fsynced).
 *
 * <p>libchdb crashes the JVM that exits while it has connections. So whoever opens an engine closes it from a shutdown
 * hook as well: {@link #close} is idempotent, may be called by any thread, and does not wait for running queries to end
 * by themselves but cancels them.
 */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    /** As many statements run at once; more of them wait. */
    static final int MAX_SESSIONS = 64;

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(20);
    private static final String LOCK_FILE = "log-courier.lock";
    private static final AtomicBoolean OPEN = new AtomicBoolean();

    /** A laptop's share: few background threads, small caches, and memory left for the JVM beside. */
    private static final List<String> SERVER_SETTINGS = List.of(
            "--background_pool_size=4",
            "--background_schedule_pool_size=4",
            "--mark_cache_size=268435456",
            "--max_server_memory_usage_to_ram_ratio=0.5");

    /**
     * What a server does and libchdb by itself does not: a lone word is no SELECT, and the blocks of an INSERT end at 256 MB
     * and not only at a million rows, which bounds their memory.
     */
    private static final List<String> SESSION_SETTINGS =
            List.of("--implicit_select=0", "--max_insert_block_size_bytes=268402944");

    private final Path folder;
    private final boolean temporary;
    private final FileChannel lockFile;
    private final LibChdb library;
    private final MemorySegment base;
    private final Semaphore permits = new Semaphore(MAX_SESSIONS, true);

    /**
     * Each with a workload of its own: libchdb chooses the query ids itself, so this unused setting is by what a running
     * query is found again.
     */
    private final Map<Session, String> sessions = new ConcurrentHashMap<>();

    private final Object lifecycle = new Object();
    private long sessionCount;
    private boolean closing;
    private boolean closed;

    private Engine(Path folder, boolean temporary, FileChannel lockFile, LibChdb library, MemorySegment base) {
        this.folder = folder;
        this.temporary = temporary;
        this.lockFile = lockFile;
        this.library = library;
        this.base = base;
    }

    /**
     * Opens a data folder, created if it is not there. It becomes the user's alone.
     *
     * @throws IllegalStateException if another process uses the folder, this process has an engine open, libchdb is not
     *     installed, or it cannot open the folder; the message tells which
     * @throws UncheckedIOException if the folder cannot be created or locked
     */
    public static Engine open(Path folder) {
        return open(folder.toAbsolutePath().normalize(), false);
    }

    /** Opens an empty data folder that {@link #close} deletes. */
    public static Engine temporary() {
        try {
            return open(Files.createTempDirectory("log-courier-engine-"), true);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot create a temporary data folder", e);
        }
    }

    private static Engine open(Path folder, boolean temporary) {
        if (!OPEN.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "This process has an embedded ClickHouse open already: close it before opening " + folder);
        }
        FileChannel lockFile = null;
        try {
            LibChdb library = LibChdb.load(EngineLibrary.locate());
            lockFile = lock(folder);
            MemorySegment base = library.connect(arguments(folder, serverSettings(configure(folder))));
            if (base.equals(MemorySegment.NULL)) {
                throw new EngineUnavailableException("The embedded ClickHouse cannot open the data folder " + folder
                        + ": is it readable, writable, and written by this or an older version?");
            }
            return new Engine(folder, temporary, lockFile, library, base);
        } catch (RuntimeException | Error e) {
            release(lockFile);
            if (temporary) {
                delete(folder);
            }
            OPEN.set(false);
            throw e;
        }
    }

    /** The version of the ClickHouse that this is. */
    public static String version() {
        return EngineLibrary.version();
    }

    /** The data folder. */
    public Path folder() {
        return folder;
    }

    /**
     * A new connection, as soon as fewer than {@link #MAX_SESSIONS} are open.
     *
     * @throws EngineException if the engine is closed or closing
     */
    Session connect() {
        permits.acquireUninterruptibly();
        try {
            synchronized (lifecycle) {
                if (closing) {
                    throw EngineException.of(
                            EngineException.QUERY_WAS_CANCELLED, "QUERY_WAS_CANCELLED", "The engine has been closed");
                }
                String workload = "courier-" + sessionCount++;
                MemorySegment connection = library.connect(arguments(folder, List.of("--workload=" + workload)));
                if (connection.equals(MemorySegment.NULL)) {
                    throw new IllegalStateException("The embedded ClickHouse on " + folder + " refuses a connection");
                }
                Session session = new Session(library, connection, this::forget);
                sessions.put(session, workload);
                return session;
            }
        } catch (RuntimeException | Error e) {
            permits.release();
            throw e;
        }
    }

    private void forget(Session session) {
        if (sessions.remove(session) != null) {
            permits.release();
        }
    }

    /**
     * Cancels what is running, disconnects everyone, unlocks the folder, and deletes it if it is temporary.
     *
     * @throws IllegalStateException if a query has not stopped within ten seconds; the folder stays locked then
     */
    @Override
    public void close() {
        synchronized (lifecycle) {
            closing = true;
            if (closed) {
                return;
            }
            long deadline = System.nanoTime() + CLOSE_LIMIT.toNanos();
            while (!disconnectAll()) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("Cannot close the embedded ClickHouse on " + folder + ": "
                            + sessions.size() + " queries have not stopped within " + CLOSE_LIMIT);
                }
                // Not Thread.sleep: an interrupted thread must close the engine all the same.
                LockSupport.parkNanos(POLL.toNanos());
            }
            closed = true;
            library.closeConnection(base);
            release(lockFile);
            if (temporary) {
                delete(folder);
            }
            OPEN.set(false);
        }
    }

    /** One round: idle sessions are closed, what runs in the others is cancelled. True when none is left. */
    private boolean disconnectAll() {
        sessions.forEach((session, workload) -> {
            if (!session.tryClose()) {
                query(base, "KILL QUERY WHERE Settings['workload'] = '" + workload + "' ASYNC");
            }
        });
        return sessions.isEmpty();
    }

    private void query(MemorySegment connection, String sql) {
        Result.of(library, library.query(connection, sql.getBytes(StandardCharsets.UTF_8), "Null", Map.of()))
                .close();
    }

    private static List<String> serverSettings(Path configuration) {
        List<String> settings = new ArrayList<>(SERVER_SETTINGS);
        settings.add("--config-file=" + configuration);
        return settings;
    }

    /** Writes what fences the engine into its data folder, and returns the main file. */
    private static Path configure(Path folder) {
        try {
            Path own = PrivateFolder.make(folder.resolve("log-courier"));
            for (String name : List.of("users.xml", "config.xml")) {
                try (InputStream resource = Engine.class.getResourceAsStream(name)) {
                    if (resource == null) {
                        throw new IllegalStateException(name + " is missing beside " + Engine.class.getName());
                    }
                    String text = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
                    Files.writeString(own.resolve(name), text.replace("@folder@", escaped(folder.toString())));
                }
            }
            return own.resolve("config.xml");
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write into the data folder " + folder, e);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private static List<String> arguments(Path folder, List<String> settings) {
        List<String> arguments = new ArrayList<>(List.of("clickhouse", "--path=" + folder));
        arguments.addAll(SESSION_SETTINGS);
        arguments.addAll(settings);
        return arguments;
    }

    private static FileChannel lock(Path folder) {
        try {
            PrivateFolder.make(folder);
            FileChannel channel =
                    FileChannel.open(folder.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new EngineUnavailableException("The data folder " + folder
                        + " is in use by another process: stop that one, or choose another folder");
            }
            return channel;
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot lock the data folder " + folder, e);
        }
    }

    /** Closing its channel gives the lock up. */
    private static void release(FileChannel lockFile) {
        try {
            if (lockFile != null) {
                lockFile.close();
            }
        } catch (IOException e) {
            LOG.warn("Cannot give up the lock of the data folder", e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            LOG.warn("Cannot delete the temporary data folder {}", folder, e);
        }
    }
}
