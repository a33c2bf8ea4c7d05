package dev.sluice.cli;

import dev.sluice.daemon.InvalidConfigException;
import dev.sluice.daemon.Runners;
import dev.sluice.install.FileChange;
import dev.sluice.install.InstallPlan;
import dev.sluice.install.InstallTarget;
import dev.sluice.install.InvalidContainerdConfigException;
import dev.sluice.install.UnifiedDiff;
import dev.sluice.install.UninstallPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.ExitCode;

/** Shows what is planned, asks, and has it done. */
final class InstallDialog {
    private static final String RESTART = "systemctl restart containerd";

    private final Runners.InstallRunner runner;
    private final PrintWriter out;
    private final Terminal terminal;

    InstallDialog(Runners.InstallRunner runner, PrintWriter out, Terminal terminal) {
        this.runner = runner;
        this.out = out;
        this.terminal = terminal;
    }

    /**
     * {@code sluice install}.
     *
     * @param dryRun only to show
     * @param yes not to ask
     * @param restart containerd, if anything was changed
     */
    int install(InstallTarget target, boolean cri, boolean dryRun, boolean yes, boolean restart)
            throws IOException, InvalidConfigException {
        InstallPlan plan;
        try {
            plan = runner.planInstall(target, cri);
        } catch (InvalidContainerdConfigException e) {
            throw new InvalidConfigException(String.valueOf(e.getMessage()), e);
        }
        if (plan.changes().isEmpty()) {
            out.println("Nothing to change: containerd " + plan.version() + " finds all that it needs in "
                    + target.file() + " and what that imports");
            return ExitCode.OK;
        }
        show(plan.changes(), plan.notes());
        if (dryRun || !confirmed(yes)) {
            return ExitCode.OK;
        }
        runner.install(plan).forEach(out::println);
        out.println("containerd " + plan.version() + " is configured to use " + target.socket() + " as " + plan.name());
        restart(target, restart);
        return ExitCode.OK;
    }

    /**
     * {@code sluice uninstall}.
     *
     * @param dryRun only to show
     * @param yes not to ask
     * @param force also if something uses Sluice
     * @param restart containerd, if anything was changed
     */
    int uninstall(InstallTarget target, boolean dryRun, boolean yes, boolean force, boolean restart)
            throws IOException, InvalidConfigException {
        UninstallPlan plan;
        try {
            plan = runner.planUninstall(target);
        } catch (InvalidContainerdConfigException e) {
            throw new InvalidConfigException(String.valueOf(e.getMessage()), e);
        }
        if (plan.changes().isEmpty()) {
            plan.notes().forEach(out::println);
            runner.uninstall(plan).forEach(out::println);
            out.println("Nothing to take back from " + target.file() + " and what that imports");
            return ExitCode.OK;
        }
        show(plan.changes(), plan.notes());
        plan.users().forEach(out::println);
        if (dryRun) {
            return ExitCode.OK;
        }
        if (!plan.users().isEmpty() && !force) {
            throw new IOException("containers use Sluice, and could not be started again without it: remove them first,"
                    + " or say --force");
        }
        if (!confirmed(yes)) {
            return ExitCode.OK;
        }
        runner.uninstall(plan).forEach(out::println);
        out.println("containerd's configuration is without Sluice again");
        restart(target, restart);
        return ExitCode.OK;
    }

    private void show(List<FileChange> changes, List<String> notes) {
        UnifiedDiff.of(changes).forEach(out::println);
        notes.forEach(out::println);
    }

    private boolean confirmed(boolean yes) throws IOException, InvalidConfigException {
        if (yes) {
            return true;
        }
        out.print("Change it like this? [y/N] ");
        out.flush();
        boolean agreed = terminal.agrees()
                .orElseThrow(() -> new InvalidConfigException(
                        "nobody can be asked here: say --yes to have it done, or --dry-run to only see it"));
        if (!agreed) {
            out.println("Nothing was changed");
        }
        return agreed;
    }

    private void restart(InstallTarget target, boolean restart) throws IOException {
        if (restart) {
            runner.restartContainerd(target.host());
            out.println("containerd was started again");
        } else {
            out.println("It counts when containerd is started again (its containers run on): " + RESTART);
        }
    }
}
