package io.logcourier.localstack.lambda;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The context of one invocation. Its time runs from construction to the function's timeout; its logger writes to slf4j,
 * under the function's name. Thread-safe.
 */
public final class LocalContext implements Context {
    private static final int MEBIBYTE = 1 << 20;

    private final String functionName;
    private final long deadline;
    private final String requestId = UUID.randomUUID().toString();

    /** Starts the invocation's clock. */
    public LocalContext(String functionName, Duration timeout) {
        this.functionName = functionName;
        this.deadline = System.nanoTime() + timeout.toNanos();
    }

    @Override
    public String getAwsRequestId() {
        return requestId;
    }

    @Override
    public String getFunctionName() {
        return functionName;
    }

    @Override
    public String getFunctionVersion() {
        return "$LATEST";
    }

    @Override
    public String getInvokedFunctionArn() {
        return "arn:aws:lambda:us-east-1:000000000000:function:" + functionName;
    }

    @Override
    public String getLogGroupName() {
        return "/aws/lambda/" + functionName;
    }

    @Override
    public String getLogStreamName() {
        return "[$LATEST]" + requestId;
    }

    /** Nothing, as for every invocation that does not come from a mobile client. */
    @Override
    public CognitoIdentity getIdentity() {
        return null;
    }

    /** Nothing, as for every invocation that does not come from a mobile client. */
    @Override
    public ClientContext getClientContext() {
        return null;
    }

    /** Zero once the timeout has passed, never less. */
    @Override
    public int getRemainingTimeInMillis() {
        long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
        return Math.clamp(millis, 0, Integer.MAX_VALUE);
    }

    /** What this JVM may use for its heap: all functions share it here. */
    @Override
    public int getMemoryLimitInMB() {
        return Math.clamp(Runtime.getRuntime().maxMemory() / MEBIBYTE, 0, Integer.MAX_VALUE);
    }

    @Override
    public LambdaLogger getLogger() {
        Logger log = LoggerFactory.getLogger(functionName);
        return new LambdaLogger() {
            @Override
            public void log(String message) {
                log.info("{}", message.stripTrailing());
            }

            @Override
            public void log(byte[] message) {
                log(new String(message, StandardCharsets.UTF_8));
            }
        };
    }
}
