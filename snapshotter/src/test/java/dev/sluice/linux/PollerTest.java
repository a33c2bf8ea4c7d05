package dev.sluice.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PollerTest {
    private final Linux linux = Linux.load();

    @Test
    void reportsTheFileThatBecameReadable() throws IOException {
        try (EventFd first = linux.eventFd();
                EventFd second = linux.eventFd()) {
            Poller poller = linux.poller(List.of(first.file(), second.file()));
            assertThat(poller.await(0)).isFalse();

            second.signal();

            assertThat(poller.await(-1)).isTrue();
            assertThat(poller.isReadable(0)).isFalse();
            assertThat(poller.isReadable(1)).isTrue();
            second.drain();
            assertThat(poller.await(0)).isFalse();
        }
    }

    @Test
    void wakesAThreadThatWaits() throws Exception {
        try (EventFd event = linux.eventFd()) {
            CompletableFuture<Boolean> woken = new CompletableFuture<>();
            Thread waiter = new Thread(() -> {
                try {
                    Poller poller = linux.poller(List.of(event.file()));
                    while (!poller.await(-1)) {
                        Thread.onSpinWait();
                    }
                    woken.complete(poller.isReadable(0));
                } catch (IOException e) {
                    woken.completeExceptionally(e);
                }
            });
            waiter.start();
            event.signal();

            assertThat(woken.get()).isTrue();
            waiter.join();
        }
    }

    @Test
    void drainingTwiceIsNoError() throws IOException {
        try (EventFd event = linux.eventFd()) {
            event.signal();
            event.drain();
            event.drain();
        }
    }

    @Test
    void reportsAFileThatWasClosed() throws IOException {
        EventFd event = linux.eventFd();
        Poller poller = linux.poller(List.of(event.file()));
        event.close();

        assertThat(poller.await(0)).isTrue();
        assertThat(poller.hasFailed(0)).isTrue();
    }
}
