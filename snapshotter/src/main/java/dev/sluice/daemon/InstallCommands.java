package dev.sluice.daemon;

import dev.sluice.install.Host;
import dev.sluice.install.InstallPlan;
import dev.sluice.install.InstallTarget;
import dev.sluice.install.Installer;
import dev.sluice.install.ServiceManager;
import dev.sluice.install.UninstallPlan;
import dev.sluice.install.Uninstaller;
import java.io.IOException;
import java.util.List;

/** What {@code sluice install} and {@code sluice uninstall} do. */
final class InstallCommands implements Runners.InstallRunner {
    @Override
    public InstallPlan planInstall(InstallTarget target, boolean cri) throws IOException {
        return Installer.of(target).plan(cri);
    }

    @Override
    public List<String> install(InstallPlan plan) throws IOException {
        return Installer.of(plan.target()).apply(plan);
    }

    @Override
    public UninstallPlan planUninstall(InstallTarget target) throws IOException {
        return Uninstaller.of(target).plan();
    }

    @Override
    public List<String> uninstall(UninstallPlan plan) throws IOException {
        return Uninstaller.of(plan.target()).apply(plan);
    }

    @Override
    public void restartContainerd(Host host) throws IOException {
        new ServiceManager(host).restart("containerd.service");
    }
}
