package io.logcourier.s3;

import io.logcourier.ConfigurationException;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.tls.Authority;
import io.logcourier.tls.Distrust;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
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
    private static final Logger log = LoggerFactory.getLogger(TargetClient.class);

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
        Authority.trust(s3, aws.s3Authority());
        var sts = StsClient.builder().region(region);
        Authority.trust(sts, aws.stsAuthority());
        aws.stsEndpoint().ifPresent(sts::endpointOverride);
        return new TargetClient(
                s3.build(),
                settings.targets(),
                settings.targets().roles().isEmpty() ? Optional.empty() : Optional.of(sts.build()));
    }

    /**
     * Looks whether the certificates of another S3 and STS than AWS's are trusted, where they have any. Whatever else is
     * wrong with them, the first request will say.
     *
     * @throws ConfigurationException if one is refused
     */
    public static void checkTrust(Settings settings) {
        Settings.Aws aws = settings.aws();
        if (aws.s3Endpoint().filter(TargetClient::isTls).isPresent()) {
            try (S3Client s3 = of(settings)) {
                check("cannot ask S3 at " + aws.s3Endpoint().orElseThrow(), Setting.S3_CA, s3::listBuckets);
            }
        }
        if (aws.stsEndpoint().filter(TargetClient::isTls).isPresent()
                && !settings.targets().roles().isEmpty()) {
            var sts = StsClient.builder()
                    .region(Region.of(aws.region()))
                    .endpointOverride(aws.stsEndpoint().orElseThrow());
            Authority.trust(sts, aws.stsAuthority());
            try (StsClient client = sts.build()) {
                check(
                        "cannot ask STS at " + aws.stsEndpoint().orElseThrow(),
                        Setting.STS_CA,
                        client::getCallerIdentity);
            }
        }
    }

    private static boolean isTls(URI endpoint) {
        return endpoint.getScheme().equals("https");
    }

    private static void check(String what, Setting<?> authority, Runnable request) {
        try {
            request.run();
        } catch (SdkException e) {
            if (Distrust.isIn(e)) {
                throw Distrust.failure(what, e, authority.name());
            }
            log.debug("{}, which the first request will tell", what, e);
        }
    }

    private AwsCredentialsProvider assumed(Settings.Role role) {
        AwsCredentialsProvider provider = StsAssumeRoleCredentialsProvider.builder()
                .stsClient(sts.orElseThrow())
                .refreshRequest(request -> request.roleArn(role.arn())
                        .roleSessionName(SESSION)
                        .externalId(role.externalId().orElse(null)))
                .build();
        return () -> {
            try {
                return provider.resolveCredentials();
            } catch (SdkClientException e) {
                if (Distrust.isIn(e)) {
                    throw Distrust.failure("cannot assume " + role.arn(), e, Setting.STS_CA.name());
                }
                throw e;
            }
        };
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
