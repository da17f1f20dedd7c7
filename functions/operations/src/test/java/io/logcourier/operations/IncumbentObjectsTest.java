package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.IncumbentObjects.Place;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.List;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.S3Exception;

final class IncumbentObjectsTest {
    @Test
    void aPlaceWithinAnotherIsNotReadTwice() {
        assertThat(IncumbentObjects.apart(List.of(
                        new Place("b", "logs/dogs/"),
                        new Place("b", "logs/"),
                        new Place("a", "logs/cats/"),
                        new Place("b", "logs/cats/"),
                        new Place("b", "new/"),
                        new Place("b", "logs/"))))
                .containsExactly(new Place("a", "logs/cats/"), new Place("b", "logs/"), new Place("b", "new/"));
    }

    @Test
    void whatIsDamagedOrDeniedIsToldFromAnS3ThatCannotBeAsked() {
        assertThat(IncumbentObjects.isOfTheObject(
                        S3Exception.builder().statusCode(403).message("no").build()))
                .isTrue();
        assertThat(IncumbentObjects.isOfTheObject(new ZipException("Not in GZIP format")))
                .isTrue();
        assertThat(IncumbentObjects.isOfTheObject(new EOFException())).isTrue();
        assertThat(IncumbentObjects.isOfTheObject(new IOException("it has a long line")))
                .isTrue();
        assertThat(IncumbentObjects.isOfTheObject(
                        S3Exception.builder().statusCode(503).message("busy").build()))
                .isFalse();
        assertThat(IncumbentObjects.isOfTheObject(new SocketException("Connection reset")))
                .isFalse();
        assertThat(IncumbentObjects.isOfTheObject(SdkClientException.create("no route")))
                .isFalse();
    }
}
