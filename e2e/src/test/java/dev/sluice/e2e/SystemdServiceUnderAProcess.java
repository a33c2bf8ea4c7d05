package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.SystemdMachine.Cgroups;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * With a process as the keeper there is more: others than the service can have what it holds, and it outlives the last readers when the
 * machine is switched off. systemd's store gives what it holds to the service only, and lets go of it before it kills the last readers.
 */
abstract class SystemdServiceUnderAProcess extends SystemdService {
    SystemdServiceUnderAProcess(String release, Cgroups cgroups, String backend) throws IOException {
        super(release, cgroups, backend, "process");
    }

    @Test
    void readersAreToldThatTheServiceStaysAwayTooLong() throws IOException {
        machine.run(
                "sh",
                "-c",
                "cd /etc/systemd/system && cp -r /opt/sluice/etc/systemd/sluice* . "
                        + "&& sed -i s/10min/1s/ sluice-rescue.timer && systemctl daemon-reload");
        try {
            Reading reading = read("rescue");
            reading.awaitFiles(1);
            machine.run("systemctl", "stop", UNIT);
            assertThat(Poll.until(PATIENCE, reading::hasFailed)).isTrue();
            machine.start(UNIT);
            assertThat(Poll.until(PATIENCE, reading::isDone)).isTrue();
            reading.assertNothingWrong();
            assertThat(machine.command("systemctl", "is-active", "sluice-rescue.timer")
                            .runForResult()
                            .stdout())
                    .isEqualTo("inactive\n");
        } finally {
            machine.run("sh", "-c", "rm -r /etc/systemd/system/sluice.service.d && systemctl daemon-reload");
        }
        awaitSnapshotter();
        read("rescue").assertRight();
    }

    /** At the end everybody who is still there is killed, and who holds the kernel's files must not be the first. */
    @Test
    void poweredOffNobodyReadsAnythingElse() throws IOException {
        Reading reading = read("off");
        reading.awaitFiles(2);
        machine.powerOff();
        reading.assertNothingWrong();

        machine.bootAgain();
        awaitSnapshotter();
        read("off").assertRight();
    }
}
