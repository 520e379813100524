# Sourced: qgis_process with this checkout as the plugin `csplus`, .venv's packages, and a profile of its own under build/.
export QT_QPA_PLATFORM="${QT_QPA_PLATFORM:-offscreen}"
export QGIS_PLUGINPATH="$PWD/build/plugins" QGIS_CUSTOM_CONFIG_PATH="$PWD/build/profile"
PYTHONPATH=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
export PYTHONPATH
mkdir -p build/plugins "$QGIS_CUSTOM_CONFIG_PATH"
ln -sfn "$PWD" build/plugins/csplus
case $(qgis_process plugins 2>/dev/null) in
  *"* csplus"*) ;; # enabled before; QGIS calls enabling it again a failure
  *) qgis_process plugins enable csplus >/dev/null 2>&1 ;;
esac
