package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RestoreGateTest {
    private final RestoreGate gate = new RestoreGate();

    @Test
    void nobodyPassesBeforeItOpens() {
        CompletableFuture<String> passed = new CompletableFuture<>();
        Thread waiting = new Thread(() -> {
            try {
                gate.pass();
                passed.complete("passed");
            } catch (IOException e) {
                passed.completeExceptionally(e);
            }
        });
        waiting.start();
        await().atMost(Duration.ofMinutes(1)).until(() -> waiting.getState() == Thread.State.WAITING);
        assertThat(passed).isNotDone();

        gate.open();

        assertThat(passed.join()).isEqualTo("passed");
        assertThatCode(gate::pass).doesNotThrowAnyException();
    }

    @Test
    void onceStoppedItNeverOpens() {
        gate.stop();
        gate.open();

        assertThatThrownBy(gate::pass).isInstanceOf(IOException.class).hasMessageContaining("stopping");
    }

    @Test
    void onceOpenItStaysOpen() {
        gate.open();
        gate.stop();

        assertThatCode(gate::pass).doesNotThrowAnyException();
    }
}
