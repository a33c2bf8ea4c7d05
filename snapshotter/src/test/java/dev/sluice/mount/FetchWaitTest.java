package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FetchWaitTest {
    private final CompletableFuture<Integer> fetch = new CompletableFuture<>();

    @Test
    void whatIsOverNeedsNoWaiting() throws InterruptedException {
        fetch.complete(1);
        assertThat(FetchWait.atMost(Duration.ZERO).isOver(fetch)).isTrue();
    }

    @Test
    void aFailureIsAnEnd() throws InterruptedException {
        fetch.completeExceptionally(new IOException("registry does not answer"));
        assertThat(FetchWait.until(() -> false).isOver(fetch)).isTrue();
    }

    @Test
    void nobodyWaitsLongerThanAllowed() throws InterruptedException {
        assertThat(FetchWait.atMost(Duration.ZERO).isOver(fetch)).isFalse();
        assertThat(FetchWait.atMost(Duration.ofMillis(300)).isOver(fetch)).isFalse();
    }

    @Test
    void whoGoesAwayIsNotWaitedFor() throws InterruptedException {
        AtomicInteger asked = new AtomicInteger();
        assertThat(FetchWait.until(() -> asked.incrementAndGet() == 2).isOver(fetch))
                .isFalse();
        assertThat(asked).hasValue(2);
    }

    @Test
    void whatComesWhileOneWaitsEndsIt() throws InterruptedException {
        assertThat(FetchWait.until(() -> {
                            fetch.complete(1);
                            return false;
                        })
                        .isOver(fetch))
                .isTrue();
    }
}
