package dev.sluice.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class SystemInfoTest {
    @Test
    void ordersKernelsByNumberNotByText() {
        KernelVersion kernel = KernelVersion.parse("6.12.117-amd64");

        assertThat(kernel.isAtLeast(6, 12)).isTrue();
        assertThat(kernel.isAtLeast(6, 9)).isTrue();
        assertThat(kernel.isAtLeast(5, 19)).isTrue();
        assertThat(kernel.isAtLeast(6, 13)).isFalse();
        assertThat(kernel.isAtLeast(7, 0)).isFalse();
    }

    @Test
    void takesReleasesWithoutAPatchLevel() {
        assertThat(KernelVersion.parse("7.0-rc6").isAtLeast(7, 0)).isTrue();
        assertThatThrownBy(() -> KernelVersion.parse("linux")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void readsThisMachine() throws IOException {
        assertThat(SystemInfo.kernel().major()).isGreaterThanOrEqualTo(3);
        assertThat(SystemInfo.bootId()).matches("[0-9a-f-]{36}").isEqualTo(SystemInfo.bootId());
    }
}
