package io.logcourier.localstack;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for objects that nobody asked to keep: it stays when its stack ends, so that they can be looked at, and goes when
 * the next one starts ({@link #clear}). Locked while its stack runs.
 */
final class TemporaryObjects implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TemporaryObjects.class);

    private static final String PREFIX = "log-courier-objects-";

    /** What a process that was killed leaves of an embedded ClickHouse, which locks its folder in the same way. */
    private static final String ENGINE_PREFIX = "log-courier-engine-";

    private static final String LOCK_FILE = "log-courier.lock";

    /** One that is younger may be about to be locked. */
    private static final Duration YOUNG = Duration.ofSeconds(10);

    private final Path folder;
    private final FileChannel lock;

    private TemporaryObjects(Path folder, FileChannel lock) {
        this.folder = folder;
        this.lock = lock;
    }

    /** A new one among the temporary files, the user's alone. */
    static TemporaryObjects make() throws IOException {
        Path folder = Files.createTempDirectory(PREFIX);
        FileChannel lock =
                FileChannel.open(folder.resolve(LOCK_FILE), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        lock.lock();
        Files.createDirectory(folder.resolve("objects"));
        return new TemporaryObjects(folder, lock);
    }

    /** Where the objects are. */
    Path objects() {
        return folder.resolve("objects");
    }

    /** Gives the folder up to whoever clears it; an empty one goes at once. */
    @Override
    public void close() throws IOException {
        try {
            Files.delete(objects());
            Files.delete(folder.resolve(LOCK_FILE));
            Files.delete(folder);
        } catch (DirectoryNotEmptyException e) {
            log.debug("{} stays", folder, e);
        } finally {
            lock.close();
        }
    }

    /** Deletes what ended stacks of this user have left in {@code temporary}; what cannot be deleted is logged. */
    static void clear(Path temporary, Instant now) {
        for (String prefix : List.of(PREFIX, ENGINE_PREFIX)) {
            try (DirectoryStream<Path> folders = Files.newDirectoryStream(temporary, prefix + "*")) {
                for (Path folder : folders) {
                    clearEnded(folder, now);
                }
            } catch (IOException e) {
                log.warn("cannot clear what earlier runs left in {}: {}", temporary, e.getMessage());
            }
        }
    }

    private static void clearEnded(Path folder, Instant now) throws IOException {
        Path lockFile = folder.resolve(LOCK_FILE);
        if (!Files.isRegularFile(lockFile, LinkOption.NOFOLLOW_LINKS)
                || !Files.isWritable(lockFile)
                || !Files.isWritable(folder)
                || Files.getLastModifiedTime(lockFile).toInstant().isAfter(now.minus(YOUNG))) {
            return;
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
                FileLock ended = channel.tryLock()) {
            if (ended != null) {
                delete(folder);
            }
        } catch (OverlappingFileLockException e) {
            log.debug("{} is in use by this process", folder, e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
