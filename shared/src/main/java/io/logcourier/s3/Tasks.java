package io.logcourier.s3;

import io.logcourier.RetryableException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/** Tasks that one thread starts, a few of which run at once. After one has failed, no more are started. */
public final class Tasks implements AutoCloseable {
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore slots;
    private final List<Future<?>> started = new ArrayList<>();

    /**
     * None yet.
     *
     * @param atOnce how many may run at a time
     */
    public Tasks(int atOnce) {
        slots = new Semaphore(atOnce);
    }

    /**
     * Starts a task as soon as there is room, or throws what an earlier one has failed with.
     *
     * @throws RetryableException if the thread is interrupted
     */
    public void start(Runnable task) {
        try {
            slots.acquire();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        started.removeIf(Tasks::isDone);
        started.add(executor.submit(() -> {
            try {
                task.run();
            } finally {
                slots.release();
            }
        }));
    }

    /** Waits for all that were started; throws what one of them has failed with. */
    public void await() {
        executor.close();
        started.forEach(Tasks::isDone);
    }

    private static boolean isDone(Future<?> task) {
        if (!task.isDone()) {
            return false;
        }
        try {
            task.get();
            return true;
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        }
    }

    private static RetryableException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new RetryableException("reading log objects was interrupted", e);
    }

    /** Waits for those that run. */
    @Override
    public void close() {
        executor.close();
    }
}
