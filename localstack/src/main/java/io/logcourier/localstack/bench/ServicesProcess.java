package io.logcourier.localstack.bench;

import io.logcourier.localstack.door.Keys;
import io.logcourier.localstack.s3.LocalS3;
import io.logcourier.localstack.sqs.LocalSqs;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What stands in for S3 and SQS. With a folder as argument S3 keeps objects there, without one it drops them. */
final class ServicesProcess {
    private static final Duration VISIBILITY = Duration.ofMinutes(30);
    private static final int MAX_RECEIVE_COUNT = 100;

    private ServicesProcess() {}

    record Ready(URI s3, URI sqs, URI queue, URI deadLetterQueue, String accessKey, String secretKey) {}

    public static void main(String[] arguments) throws IOException {
        Keys keys = Keys.random();
        try (LocalSqs sqs = new LocalSqs(0, keys.aws(), VISIBILITY, MAX_RECEIVE_COUNT)) {
            if (arguments.length == 0) {
                try (DroppingS3 s3 = new DroppingS3()) {
                    Child.serve(ready(s3.uri(), sqs, keys), question -> s3.taken());
                }
            } else {
                Path folder = Path.of(arguments[0]);
                Files.createDirectories(folder.resolve(Workload.TARGET));
                try (LocalS3 s3 = new LocalS3(folder, 0, keys.aws())) {
                    Child.serve(ready(s3.uri(), sqs, keys), question -> DroppingS3.Taken.NOTHING);
                }
            }
        }
        System.exit(0);
    }

    private static Ready ready(URI s3, LocalSqs sqs, Keys keys) {
        return new Ready(s3, sqs.uri(), sqs.queueUrl(), sqs.deadLetterQueueUrl(), keys.accessKey(), keys.secretKey());
    }
}
