package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryObjectsTest {
    private final Instant later = Instant.now().plus(Duration.ofHours(1));

    @TempDir
    private Path temporary;

    @Test
    void whatEndedStacksLeftGoesAndNothingElse() throws Exception {
        Path ended = folder("log-courier-objects-1", true);
        Path killed = folder("log-courier-engine-2", true);
        Path elsewhere = Files.createDirectory(temporary.resolve("theirs"));
        Files.createSymbolicLink(ended.resolve("link"), elsewhere);
        Files.createFile(elsewhere.resolve("kept"));
        Path unknown = folder("log-courier-objects-3", false);
        Path other = folder("other-4", true);

        TemporaryObjects.clear(temporary, later);

        assertThat(temporary.toFile().listFiles())
                .containsExactlyInAnyOrder(elsewhere.toFile(), unknown.toFile(), other.toFile());
        assertThat(elsewhere.resolve("kept")).exists();
        assertThat(killed).doesNotExist();
    }

    @Test
    void aFolderThatIsAboutToBeLockedStays() throws Exception {
        Path young = folder("log-courier-objects-5", true);
        TemporaryObjects.clear(temporary, Instant.now());
        assertThat(young).exists();
    }

    @Test
    void aRunningStacksObjectsStayAndGoOnceItHasEnded() throws Exception {
        TemporaryObjects running = TemporaryObjects.make();
        Path folder = running.objects().getParent();
        Path here = folder.getParent();
        Files.createFile(running.objects().resolve("object"));

        TemporaryObjects.clear(here, later);
        assertThat(running.objects().resolve("object")).exists();

        running.close();
        assertThat(running.objects().resolve("object")).exists();
        TemporaryObjects.clear(here, later);
        assertThat(folder).doesNotExist();
    }

    @Test
    void anEmptyFolderGoesWithItsStack() throws Exception {
        TemporaryObjects empty = TemporaryObjects.make();
        empty.close();
        assertThat(empty.objects().getParent()).doesNotExist();
    }

    private Path folder(String name, boolean locked) throws Exception {
        Path folder = Files.createDirectories(temporary.resolve(name));
        Files.createDirectories(folder.resolve("objects").resolve("bucket"));
        Files.createFile(folder.resolve("objects").resolve("bucket").resolve("object"));
        if (locked) {
            Files.createFile(folder.resolve("log-courier.lock"));
        }
        return folder;
    }
}
