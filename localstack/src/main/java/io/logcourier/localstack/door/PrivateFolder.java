package io.logcourier.localstack.door;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A folder that nobody but its owner may enter (mode 0700), and so what is below it, whoever writes that. */
public final class PrivateFolder {
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<Set<PosixFilePermission>> NEW = PosixFilePermissions.asFileAttribute(OWNER);

    private PrivateFolder() {}

    /**
     * Makes a folder, and those above it that are missing, private; one that is there already becomes so.
     *
     * @throws IOException if that cannot be, such as in another user's folder
     */
    public static Path make(Path folder) throws IOException {
        Files.createDirectories(folder, NEW);
        if (!Files.getPosixFilePermissions(folder).equals(OWNER)) {
            Files.setPosixFilePermissions(folder, OWNER);
        }
        return folder;
    }
}
