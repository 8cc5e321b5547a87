<?php
/**
 * Takes away everything that the plugin has ever stored, on every site of a network: its options, its table, its plans for
 * WP-Cron, and the marks of pages to be left out.
 *
 * @package Pennypress
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Takes it away from the current site.
 */
function pennypress_remove_all() {
	global $wpdb;
	foreach ( array( 'pennypress', 'pennypress_comparison', 'pennypress_delivery', 'pennypress_lock' ) as $option ) {
		delete_option( $option );
	}
	delete_transient( 'pennypress_panel_error' );
	delete_transient( 'pennypress_wp_ends' );
	delete_post_meta_by_key( '_pennypress_keep_out' );
	wp_clear_scheduled_hook( 'pennypress_work' );
	wp_clear_scheduled_hook( 'pennypress_compare' );
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}pennypress_documents" ); // phpcs:ignore WordPress.DB -- the table is ours.
}

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $pennypress_site ) {
		switch_to_blog( $pennypress_site );
		pennypress_remove_all();
		restore_current_blog();
	}
} else {
	pennypress_remove_all();
}
