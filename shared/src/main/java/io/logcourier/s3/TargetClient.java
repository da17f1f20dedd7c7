package io.logcourier.s3;

import io.logcourier.configuration.Settings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Request;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;

/**
 * S3 with the target buckets: each request is made with the role that its bucket asks for ({@code s3.roles}), or with the
 * process's own credentials. Roles are assumed when first needed, and again before their credentials end. Thread-safe.
 */
public final class TargetClient extends DelegatingS3Client {
    /** What the account of a bucket sees in its logs. */
    private static final String SESSION = "log-courier";

    private final Settings.Targets targets;
    private final Optional<StsClient> sts;
    private final Map<Settings.Role, AwsCredentialsProvider> roles;

    private TargetClient(S3Client s3, Settings.Targets targets, Optional<StsClient> sts) {
        super(s3);
        this.targets = targets;
        this.sts = sts;
        roles = targets.roles().values().stream()
                .distinct()
                .collect(Collectors.toMap(Function.identity(), this::assumed));
    }

    /** A client as the settings have it. It asks nobody for anything yet. */
    public static S3Client of(Settings settings) {
        return of(settings, List.of());
    }

    /** As the other one, with {@code interceptors} that see each request. */
    public static S3Client of(Settings settings, List<ExecutionInterceptor> interceptors) {
        Settings.Aws aws = settings.aws();
        Region region = Region.of(aws.region());
        // In chunks, each would be hashed and signed; S3 has the checksum of the whole anyway.
        var s3 = S3Client.builder()
                .region(region)
                // A bucket in another region says in which, and is asked there.
                .crossRegionAccessEnabled(true)
                .overrideConfiguration(configuration -> configuration.executionInterceptors(interceptors))
                .serviceConfiguration(configuration -> configuration.chunkedEncodingEnabled(false));
        aws.s3Endpoint().ifPresent(endpoint -> s3.endpointOverride(endpoint).forcePathStyle(true));
        var sts = StsClient.builder().region(region);
        aws.stsEndpoint().ifPresent(sts::endpointOverride);
        return new TargetClient(
                s3.build(),
                settings.targets(),
                settings.targets().roles().isEmpty() ? Optional.empty() : Optional.of(sts.build()));
    }

    private AwsCredentialsProvider assumed(Settings.Role role) {
        return StsAssumeRoleCredentialsProvider.builder()
                .stsClient(sts.orElseThrow())
                .refreshRequest(request -> request.roleArn(role.arn())
                        .roleSessionName(SESSION)
                        .externalId(role.externalId().orElse(null)))
                .build();
    }

    @Override
    protected <T extends S3Request, R> R invokeOperation(T request, Function<T, R> operation) {
        return operation.apply(request.getValueForField("Bucket", String.class)
                .flatMap(targets::role)
                .map(role -> as(roles.get(role), request))
                .orElse(request));
    }

    @SuppressWarnings("unchecked") // The builder of a request builds requests of its kind.
    private static <T extends S3Request> T as(AwsCredentialsProvider credentials, T request) {
        var override = request.overrideConfiguration()
                .map(AwsRequestOverrideConfiguration::toBuilder)
                .orElseGet(AwsRequestOverrideConfiguration::builder);
        return (T) request.toBuilder()
                .overrideConfiguration(override.credentialsProvider(credentials).build())
                .build();
    }

    @Override
    public void close() {
        super.close();
        sts.ifPresent(StsClient::close);
    }
}
