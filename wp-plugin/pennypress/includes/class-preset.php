<?php
/**
 * The settings that came with the plugin.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * The zip from the operator's page of the service holds `preset.php`: service address, site key, secret and the launcher's
 * colours. They are taken in once; then the file goes, so that the secret lies in one place.
 */
final class Preset {

	const FILE = 'preset.php';

	/**
	 * Takes the preset in, unless the site has its connection already.
	 */
	public static function import() {
		$file = plugin_dir_path( MAIN_FILE ) . self::FILE;
		if ( ! is_file( $file ) ) {
			return;
		}
		$preset   = include $file;
		$settings = Settings::all();
		if ( is_array( $preset ) && ! Settings::complete( $settings ) ) {
			foreach ( array( 'service_url', 'site_key', 'secret', 'accent', 'on_accent' ) as $name ) {
				$value = isset( $preset[ $name ] ) && is_string( $preset[ $name ] ) ? call_user_func( array( Settings::class, $name ), $preset[ $name ] ) : null;
				if ( null !== $value ) {
					$settings[ $name ] = $value;
				}
			}
			Settings::save( $settings );
		}
		wp_delete_file( $file );
	}
}
