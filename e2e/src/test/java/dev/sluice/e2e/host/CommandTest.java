package dev.sluice.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CommandTest {

    @Test
    void keepsBothOutputsAndTheExitCodeApart() throws IOException {
        Command.Result result =
                Command.of("sh", "-c", "echo out; echo err >&2; exit 3").runForResult();

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.stdout()).isEqualTo("out\n");
        assertThat(result.stderr()).isEqualTo("err\n");
    }

    @Test
    void aFailureSaysWhatTheCommandSaid() {
        assertThatIOException()
                .isThrownBy(() ->
                        Command.of("sh", "-c", "echo no such luck >&2; exit 1").run())
                .withMessageContaining("exit code 1")
                .withMessageContaining("no such luck");
    }

    @Test
    void aCommandThatTakesTooLongIsEndedWithItsChildren() {
        Command endless = Command.of("sh", "-c", "sleep 1000; true").withTimeout(Duration.ofMillis(200));

        assertThatIOException().isThrownBy(endless::run).withMessageContaining("not done after");
        assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    @Test
    void tellsOnceWhenTheFirstOutputComes() throws IOException {
        AtomicInteger calls = new AtomicInteger();

        Command.Result result =
                Command.of("sh", "-c", "echo a; sleep 0.1; echo b").runForResult(calls::incrementAndGet);

        assertThat(calls).hasValue(1);
        assertThat(result.firstOutput())
                .hasValueSatisfying(first -> assertThat(first).isLessThan(result.elapsed()));
    }

    @Test
    void aSilentCommandHasNoFirstOutput() throws IOException {
        assertThat(Command.of("true").run().firstOutput()).isEmpty();
    }
}
