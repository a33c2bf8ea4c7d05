package dev.sluice.ondemand.fanotify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.FanotifyGroup;
import dev.sluice.linux.Linux;
import dev.sluice.linux.SystemInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CompletionTest {
    private static final long AS_LONG_AS_IT_WOULD_TAKE_TO_FAIL_MILLIS = 300;

    private final Linux linux = Linux.load();

    @BeforeEach
    void needs() throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "fanotify needs root");
        assumeTrue(SystemInfo.kernel().isAtLeast(6, 15), "pre-content events need Linux 6.15");
    }

    /** Whoever closed it deletes the files that a look would change. */
    @Test
    void closingItWaitsForTheLookThatIsUnderWay() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        try (FanotifyGroup group = linux.fanotifyGroup()) {
            Completion completion = new Completion(group);
            completion.watch(
                    () -> {
                        begun.countDown();
                        while (end.getCount() > 0) {
                            LockSupport.parkNanos(1_000_000);
                        }
                        return List.of();
                    },
                    Duration.ofMillis(1));
            begun.await();
            Thread closing = new Thread(completion::close);
            closing.start();

            closing.join(AS_LONG_AS_IT_WOULD_TAKE_TO_FAIL_MILLIS);
            assertThat(closing.isAlive()).isTrue();

            end.countDown();
            closing.join();
        }
    }
}
