package io.logcourier.localstack.door;

import io.logcourier.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What lets a client in at the ports of one stack. S3 checks the signature that is made with the secret key; SQS only
 * looks for the access key, so it is a secret as well.
 *
 * @param user of ClickHouse
 * @param password that user's
 * @param accessKey for S3 and SQS
 * @param secretKey for S3
 */
public record Keys(String user, String password, String accessKey, String secretKey) {
    private static final String USER = "courier";
    private static final String FILE = "keys.json";
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .build();
    private static final FileAttribute<Set<PosixFilePermission>> OWNER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final SecureRandom RANDOM = new SecureRandom();

    /** New ones, which nobody can guess: each has 100 random bits or more, in characters that need no quotes in a shell or URL. */
    public static Keys random() {
        return new Keys(USER, word(), "LC" + word().toUpperCase(Locale.ROOT), word());
    }

    /**
     * Those of a data folder: new ones the first time, which are kept there in a file that is the user's alone, so that
     * clients of one start are let in by the next.
     *
     * @throws ConfigurationException if the file is not as it was written
     * @throws IOException if it cannot be read or written
     */
    public static Keys of(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (Files.exists(file)) {
            try {
                return JSON.readValue(Files.readString(file), Keys.class);
            } catch (JacksonException e) {
                throw new ConfigurationException(
                        file + " holds no keys: remove it, and the next start makes new ones", e);
            }
        }
        Keys keys = random();
        Path whole = Files.createTempFile(folder, FILE, ".new", OWNER);
        Files.writeString(whole, JSON.writeValueAsString(keys) + "\n");
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
        return keys;
    }

    private static String word() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** For S3 and SQS. */
    public AwsBasicCredentials aws() {
        return AwsBasicCredentials.create(accessKey, secretKey);
    }

    /** Without what is secret. */
    @Override
    public String toString() {
        return "Keys[user=" + user + "]";
    }
}
